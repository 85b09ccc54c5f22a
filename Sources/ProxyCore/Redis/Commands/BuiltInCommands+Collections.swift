extension BuiltInCommands {
  /// Hashes, lists, sets, sorted sets, streams, places and vectors.
  static let collections: StaticString = """
    blmove                        6  wsb   w1 w2
    blmpop                       -5  wbm   w2#
    blpop                        -3  wsb   w1:-2
    brpop                        -3  wsb   w1:-2
    brpoplpush                    4  wsb   w1 w2
    bzmpop                       -5  wbm   w2#
    bzpopmax                     -3  wsb   w1:-2
    bzpopmin                     -3  wsb   w1:-2
    geoadd                       -5  w     w1
    geodist                      -4  r     r1
    geohash                      -2  r     r1
    geopos                       -2  r     r1
    georadius                    -6  wm    r1
    georadius_ro                 -6  r     r1
    georadiusbymember            -5  wm    r1
    georadiusbymember_ro         -5  r     r1
    geosearch                    -7  r     r1
    geosearchstore               -8  w     w1 r2
    hdel                         -3  w     w1
    hexists                       3  r     r1
    hexpire                      -6  w     w1
    hexpireat                    -6  w     w1
    hexpiretime                  -5  r     r1
    hget                          3  r     r1
    hgetall                       2  r     r1
    hgetdel                      -5  w     w1
    hgetex                       -5  w     w1
    hincrby                       4  w     w1
    hincrbyfloat                  4  w     w1
    hkeys                         2  r     r1
    hlen                          2  r     r1
    hmget                        -3  r     r1
    hmset                        -4  w     w1
    hpersist                     -5  w     w1
    hpexpire                     -6  w     w1
    hpexpireat                   -6  w     w1
    hpexpiretime                 -5  r     r1
    hpttl                        -5  r     r1
    hrandfield                   -2  r     r1
    hscan                        -3  r     r1
    hset                         -4  w     w1
    hsetex                       -6  w     w1
    hsetnx                        4  w     w1
    hstrlen                       3  r     r1
    httl                         -5  r     r1
    hvals                         2  r     r1
    lindex                        3  r     r1
    linsert                       5  w     w1
    llen                          2  r     r1
    lmove                         5  w     w1 w2
    lmpop                        -4  wm    w1#
    lpop                         -2  w     w1
    lpos                         -3  r     r1
    lpush                        -3  w     w1
    lpushx                       -3  w     w1
    lrange                        4  r     r1
    lrem                          4  w     w1
    lset                          4  w     w1
    ltrim                         4  w     w1
    rpop                         -2  w     w1
    rpoplpush                     3  w     w1 w2
    rpush                        -3  w     w1
    rpushx                       -3  w     w1
    sadd                         -3  w     w1
    scard                         2  r     r1
    sdiff                        -2  r     r1:-1
    sdiffstore                   -3  w     w1 r2:-1
    sinter                       -2  r     r1:-1
    sintercard                   -3  rm    r1#
    sinterstore                  -3  w     w1 r2:-1
    sismember                     3  r     r1
    smembers                      2  r     r1
    smismember                   -3  r     r1
    smove                         4  w     w1 w2
    spop                         -2  w     w1
    srandmember                  -2  r     r1
    srem                         -3  w     w1
    sscan                        -3  r     r1
    sunion                       -2  r     r1:-1
    sunionstore                  -3  w     w1 r2:-1
    vadd                         -5  w     w1
    vcard                         2  r     r1
    vdim                          2  r     r1
    vemb                         -3  r     r1
    vgetattr                      3  r     r1
    vinfo                         2  r     r1
    vismember                     3  r     r1
    vlinks                       -3  r     r1
    vrandmember                  -2  r     r1
    vrange                       -4  r     r1
    vrem                          3  w     w1
    vsetattr                      4  w     w1
    vsim                         -4  r     r1
    xack                         -4  w     w1
    xackdel                      -6  w     w1
    xadd                         -5  w     w1
    xautoclaim                   -6  w     w1
    xcfgset                      -2  w     w1
    xclaim                       -6  w     w1
    xdel                         -3  w     w1
    xdelex                       -5  w     w1
    xgroup|create                -5  w     w2
    xgroup|createconsumer         5  w     w2
    xgroup|delconsumer            5  w     w2
    xgroup|destroy                4  w     w2
    xgroup|help                   2  -
    xgroup|setid                 -5  w     w2
    xinfo|consumers               4  r     r2
    xinfo|groups                  3  r     r2
    xinfo|help                    2  -
    xinfo|stream                 -3  r     r2
    xlen                          2  r     r1
    xpending                     -3  r     r1
    xrange                       -4  r     r1
    xread                        -4  rbm
    xreadgroup                   -7  wbm
    xrevrange                    -4  r     r1
    xsetid                       -3  w     w1
    xtrim                        -4  w     w1
    zadd                         -4  w     w1
    zcard                         2  r     r1
    zcount                        4  r     r1
    zdiff                        -3  rm    r1#
    zdiffstore                   -4  wm    w1 r2#
    zincrby                       4  w     w1
    zinter                       -3  rm    r1#
    zintercard                   -3  rm    r1#
    zinterstore                  -4  wm    w1 r2#
    zlexcount                     4  r     r1
    zmpop                        -4  wm    w1#
    zmscore                      -3  r     r1
    zpopmax                      -2  w     w1
    zpopmin                      -2  w     w1
    zrandmember                  -2  r     r1
    zrange                       -4  r     r1
    zrangebylex                  -4  r     r1
    zrangebyscore                -4  r     r1
    zrangestore                  -5  w     w1 r2
    zrank                         3  r     r1
    zrem                         -3  w     w1
    zremrangebylex                4  w     w1
    zremrangebyrank               4  w     w1
    zremrangebyscore              4  w     w1
    zrevrange                    -4  r     r1
    zrevrangebylex               -4  r     r1
    zrevrangebyscore             -4  r     r1
    zrevrank                      3  r     r1
    zscan                        -3  r     r1
    zscore                        3  r     r1
    zunion                       -3  rm    r1#
    zunionstore                  -4  wm    w1 r2#
    """
}
