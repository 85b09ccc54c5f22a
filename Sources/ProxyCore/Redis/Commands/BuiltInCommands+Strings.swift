extension BuiltInCommands {
  /// Strings, bit maps, HyperLogLogs; keys of any type and scripts.
  static let strings: StaticString = """
    append                        3  w     w1
    bitcount                     -2  r     r1
    bitfield                     -2  w     w1
    bitfield_ro                  -2  r     r1
    bitop                        -4  w     w2 r3:-1
    bitpos                       -3  r     r1
    copy                         -3  w     r1 w2
    dbsize                        1  r
    decr                          2  w     w1
    decrby                        3  w     w1
    del                          -2  w     w1:-1
    delex                        -2  w     w1
    delifeq                       3  w     w1
    digest                        2  r     r1
    dump                          2  r     r1
    eval                         -3  sm    w2#
    eval_ro                      -3  rsm   r2#
    evalsha                      -3  sm    w2#
    evalsha_ro                   -3  rsm   r2#
    exists                       -2  r     r1:-1
    expire                       -3  w     w1
    expireat                     -3  w     w1
    expiretime                    2  r     r1
    fcall                        -3  sm    w2#
    fcall_ro                     -3  rsm   r2#
    flushall                     -1  w
    flushdb                      -1  w
    function|delete               3  ws
    function|dump                 2  s
    function|flush               -2  ws
    function|help                 2  -
    function|kill                 2  sy
    function|list                -2  s
    function|load                -3  ws
    function|restore             -3  ws
    function|stats                2  sy
    get                           2  r     r1
    getbit                        3  r     r1
    getdel                        2  w     w1
    getex                        -2  w     w1
    getrange                      4  r     r1
    getset                        3  w     w1
    incr                          2  w     w1
    incrby                        3  w     w1
    incrbyfloat                   3  w     w1
    keys                          2  r
    lcs                          -3  r     r1:+1
    mget                         -2  r     r1:-1
    migrate                      -6  wm    w3
    move                          3  w     w1
    mset                         -3  w     w1:-1/2
    msetex                       -4  wm    w1#/2
    msetnx                       -3  w     w1:-1/2
    object|encoding               3  r     r2
    object|freq                   3  r     r2
    object|help                   2  -
    object|idletime               3  r     r2
    object|refcount               3  r     r2
    persist                       2  w     w1
    pexpire                      -3  w     w1
    pexpireat                    -3  w     w1
    pexpiretime                   2  r     r1
    pfadd                        -2  w     w1
    pfcount                      -2  r     w1:-1
    pfdebug                       3  wa    w2
    pfmerge                      -2  w     w1 r2:-1
    pfselftest                    1  a
    psetex                        4  w     w1
    pttl                          2  r     r1
    randomkey                     1  r
    rename                        3  w     w1 w2
    renamenx                      3  w     w1 w2
    restore                      -4  w     w1
    restore-asking               -4  w     w1
    scan                         -2  r
    script|debug                  3  s
    script|exists                -3  s
    script|flush                 -2  s
    script|help                   2  -
    script|kill                   2  sy
    script|load                   3  s
    script|show                   3  s
    set                          -3  w     w1
    setbit                        4  w     w1
    setex                         4  w     w1
    setnx                         3  w     w1
    setrange                      4  w     w1
    sort                         -2  wm    r1
    sort_ro                      -2  rm    r1
    strlen                        2  r     r1
    substr                        4  r     r1
    swapdb                        3  w
    touch                        -2  r     r1:-1
    ttl                           2  r     r1
    type                          2  r     r1
    unlink                       -2  w     w1:-1
    """
}
