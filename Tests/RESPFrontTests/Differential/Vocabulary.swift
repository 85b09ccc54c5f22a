/// What random clients say: commands of every kind, with holes for keys and values.
///
/// Nothing in it is answered by chance or by the clock: no short expiry, no order of a hash table. So sets
/// hold small integers, which both servers keep sorted, and expiries are far away or past.
enum Vocabulary {
  /// May be mangled: an argument lost, added, or replaced.
  static let commands =
    strings + lists + hashes + sets + sortedSets + streams + bits + places + keyspace + scripts
    + server

  static let strings = [
    "GET $s", "GET $s", "GET $s", "GET $s", "GET $k", "SET $s $v", "SET $s $v", "SET $s $v NX",
    "SET $s $v XX GET", "SET $s $v EXAT $t", "SET $s $v KEEPTTL", "SET $s $v PXAT $u NX",
    "SETNX $s $v", "GETSET $s $v", "GETDEL $s", "GETEX $s", "GETEX $s EXAT $t", "GETEX $s PERSIST",
    "APPEND $s $v", "STRLEN $s", "INCR $s", "DECR $s", "INCRBY $s $n", "DECRBY $s $n",
    "INCRBYFLOAT $s $f", "SETRANGE $s 3 $v", "GETRANGE $s $n $n", "SUBSTR $s 0 2",
    "MSET $s $v $s $v", "MSETNX $s $v $s $v", "MGET $s $s $k $s", "LCS $s $s", "LCS $s $s LEN",
    "LCS $s $s IDX MINMATCHLEN 1 WITHMATCHLEN",
    "PFADD $s $v $v", "PFCOUNT $s", "PFCOUNT $s $s", "PFMERGE $s $s $s",
  ]

  static let lists = [
    "LPUSH $l $v $v", "RPUSH $l $v", "LPUSHX $l $v", "RPUSHX $l $v", "LPOP $l", "RPOP $l",
    "LPOP $l 2", "RPOP $l 0", "LLEN $l", "LRANGE $l 0 -1", "LRANGE $l $n $n", "LINDEX $l $n",
    "LSET $l $n $v", "LREM $l $n $v", "LTRIM $l 0 4", "LINSERT $l BEFORE $v $v", "RPOPLPUSH $l $l",
    "LMOVE $l $l LEFT RIGHT", "LMPOP 2 $l $l LEFT COUNT 2", "LPOS $l $v", "LPOS $l $v COUNT 0",
    "SORT $l ALPHA", "SORT $l ALPHA LIMIT 0 2 DESC STORE $l", "SORT $e DESC", "SORT_RO $l ALPHA",
    "SORT $e BY nosort",
  ]

  static let hashes = [
    "HSET $h $m $v", "HSET $h $m $v $m $v", "HMSET $h $m $v", "HSETNX $h $m $v", "HGET $h $m",
    "HMGET $h $m $m foo", "HGETALL $h", "HKEYS $h", "HVALS $h", "HLEN $h", "HDEL $h $m $m",
    "HEXISTS $h $m", "HINCRBY $h $m $n", "HINCRBYFLOAT $h $m $f", "HSTRLEN $h $m", "HSCAN $h 0",
    "HSCAN $h 0 COUNT 100 MATCH m*",
  ]

  static let sets = [
    "SREM $e $i", "SISMEMBER $e $i", "SMISMEMBER $e $i $i", "SCARD $e", "SMEMBERS $e",
    "SMOVE $e $e $i", "SINTER $e $e", "SUNION $e $e", "SDIFF $e $e", "SINTERSTORE $e $e $e",
    "SUNIONSTORE $e $e $e", "SDIFFSTORE $e $e $e", "SINTERCARD 2 $e $e LIMIT 2", "SSCAN $e 0",
  ]

  static let sortedSets = [
    "ZADD $z $f $m", "ZADD $z $f $m $f $m", "ZADD $z NX CH $f $m", "ZADD $z GT $f $m",
    "ZADD $z INCR $f $m", "ZINCRBY $z $f $m", "ZREM $z $m", "ZCARD $z", "ZSCORE $z $m",
    "ZMSCORE $z $m $m", "ZRANK $z $m", "ZREVRANK $z $m", "ZCOUNT $z -inf (5", "ZRANGE $z 0 -1",
    "ZRANGE $z 0 -1 WITHSCORES", "ZRANGE $z (1 +inf BYSCORE LIMIT 0 2", "ZRANGE $z - + BYLEX REV",
    "ZREVRANGE $z 0 -1 WITHSCORES", "ZRANGEBYSCORE $z -inf +inf WITHSCORES", "ZRANGEBYLEX $z - +",
    "ZREVRANGEBYSCORE $z +inf -inf", "ZLEXCOUNT $z - +", "ZPOPMIN $z", "ZPOPMAX $z 2",
    "ZMPOP 2 $z $z MIN", "ZREMRANGEBYRANK $z 0 0", "ZREMRANGEBYSCORE $z 0 1",
    "ZUNION 2 $z $e WITHSCORES", "ZINTER 2 $z $z WEIGHTS 2 3 WITHSCORES", "ZDIFF 2 $z $z",
    "ZUNIONSTORE $z 2 $z $e AGGREGATE MAX", "ZINTERSTORE $z 2 $z $z", "ZDIFFSTORE $z 2 $z $z",
    "ZRANGESTORE $z $z 0 1", "ZINTERCARD 2 $z $z", "ZSCAN $z 0",
  ]

  static let streams = [
    "XADD $x $d f $v", "XADD $x $d f $v g $v", "XADD $x NOMKSTREAM $d f $v",
    "XADD $x MAXLEN 3 $d f $v", "XLEN $x", "XRANGE $x - +", "XREVRANGE $x + - COUNT 2",
    "XREAD COUNT 2 STREAMS $x $x 0 $d", "XDEL $x $d", "XTRIM $x MAXLEN 2", "XTRIM $x MINID $d",
    "XGROUP CREATE $x g 0 MKSTREAM", "XGROUP CREATE $x g $", "XGROUP SETID $x g 0",
    "XGROUP CREATECONSUMER $x g c", "XGROUP DELCONSUMER $x g c", "XGROUP DESTROY $x g",
    "XREADGROUP GROUP g c COUNT 2 STREAMS $x >", "XREADGROUP GROUP g c STREAMS $x 0",
    "XACK $x g $d", "XPENDING $x g", "XCLAIM $x g c2 0 $d JUSTID", "XAUTOCLAIM $x g c3 0 0",
    "XSETID $x $d", "XINFO STREAM $x", "XINFO GROUPS $x",
  ]

  static let bits = [
    "SETBIT $s $n 1", "GETBIT $s $n", "BITCOUNT $s", "BITCOUNT $s 0 -1 BIT", "BITPOS $s 1",
    "BITOP XOR $s $s $s", "BITOP NOT $s $s", "BITFIELD $s GET u8 0",
    "BITFIELD $s SET u8 0 5 INCRBY u4 4 $n", "BITFIELD $s OVERFLOW FAIL INCRBY u2 0 3",
    "BITFIELD_RO $s GET i8 #1",
  ]

  static let places = [
    "GEOADD $z $f $f $m", "GEOPOS $z $m $m", "GEODIST $z $m $m km", "GEOHASH $z $m",
    "GEOSEARCH $z FROMLONLAT 1 1 BYRADIUS 2000 km ASC WITHCOORD WITHDIST",
    "GEOSEARCHSTORE $z $z FROMLONLAT 1 1 BYBOX 900 900 km ASC",
    "GEORADIUS $z 1 1 1000 km ASC", "GEORADIUS $z 1 1 1000 km STORE $z",
    "GEORADIUSBYMEMBER_RO $z $m 100 km",
  ]

  static let keyspace = [
    "DEL $k $k", "UNLINK $k", "EXISTS $k $k", "TYPE $k", "TOUCH $k $k", "RENAME $k $k",
    "RENAMENX $k $k", "COPY $k $k", "COPY $k $k REPLACE", "COPY $s $s DB 1", "MOVE $k 1",
    "PERSIST $k", "EXPIREAT $k $t", "PEXPIREAT $k $u", "EXPIREAT $k $t NX", "EXPIRETIME $k",
    "PEXPIRETIME $k", "EXPIRE $k -1", "PEXPIRE $k -5", "EXPIREAT $k 1", "OBJECT ENCODING $k",
    "OBJECT REFCOUNT $k", "OBJECT FREQ $k", "DUMP $s", "RESTORE $k 0 foo", "DBSIZE", "KEYS $s",
  ]

  static let scripts = [
    "EVAL@return redis.call('incr', KEYS[1])@1@$s", "EVAL@return redis.call('get', KEYS[1])@1@$k",
    "EVAL@return redis.call('set', 's1', ARGV[1])@0@$v", "EVAL@return redis.call('nothing')@0",
    "EVAL@return {1, 'a', false, {ok='fine'}, {err='ERR mine'}}@0", "EVAL@return {}@-1",
    "EVAL@redis.setresp(3); return redis.call('hgetall', KEYS[1])@1@$h", "EVAL@return 1@2@$s",
    "EVAL_RO@return redis.call('get', KEYS[1])@1@$s", "EVAL@broken(@0",
    "EVAL_RO@return redis.call('set', KEYS[1], 'a')@1@$s",
    "SCRIPT@LOAD@return redis.call('incr', KEYS[1])", "SCRIPT@FLUSH",
    "EVALSHA@cfb9a73f2e8b7aeb7b9d8eef35de3d3ea6e2d1ce@1@$s", "SCRIPT@EXISTS@foo",
    "EVALSHA@\(incrementDigest)@1@$s", "EVALSHA_RO@\(incrementDigest)@1@$s",
    "SCRIPT@EXISTS@\(incrementDigest)", "FUNCTION@LOAD@REPLACE@\(library)",
    "FUNCTION@LOAD@\(library)", "FCALL@put@1@$s@$v", "FCALL_RO@look@1@$s", "FCALL_RO@put@1@$s@$v",
    "FUNCTION@LIST@LIBRARYNAME@none", "FUNCTION@DELETE@lib", "FUNCTION@FLUSH",
  ]

  private static let incrementDigest = "2bab3b661081db58bd2341920e0ba7cf5dc77b25"
  private static let library = """
    #!lua name=lib
    redis.register_function('put', function(keys, args)
      return redis.call('set', keys[1], args[1])
    end)
    redis.register_function{function_name='look', flags={'no-writes'},
      callback=function(keys) return redis.call('get', keys[1]) end}
    """

  static let server = [
    "PING", "PING $v", "ECHO $v", "COMMAND INFO get foo", "FOO $v $v", "FOO",
    "COMMAND GETKEYS MSET a b c d", "CONFIG GET maxmemory", "CONFIG GET foo", "ACL WHOAMI",
    "CLIENT TRACKINGINFO", "CLIENT GETREDIR", "CLIENT HELP", "OBJECT HELP", "XINFO HELP",
    "PUBSUB NUMPAT", "PUBSUB CHANNELS", "PUBSUB NUMSUB a b",
    "CLIENT SETNAME n", "CLIENT GETNAME", "CLIENT NO-EVICT ON", "CLIENT FOO", "CONFIG FOO",
    "READONLY", "CLUSTER INFO", "DEBUG SLEEP 0", "MODULE LIST", "SLOWLOG FOO", "AUTH a",
    "AUTH a b", "CLIENT CACHING YES", "CLIENT KILL 1:1", "CLIENT UNBLOCK 999999",
    "OBJECT FOO $k", "LATENCY LATEST", "ACL FOO", "FUNCTION STATS",
  ]

  /// As they are: mangled they would wait, or be answered by chance.
  static let exact = [
    "SADD $e $i $i", "SADD $e $i", "SADD $k $i", "BLPOP $l $l 0.001", "BRPOP $l 0.001",
    "BLMOVE $l $l LEFT RIGHT 0.001", "BRPOPLPUSH $l $l 0.001", "BLMPOP 0.001 2 $l $l LEFT",
    "BZPOPMIN $z $z 0.001", "BZPOPMAX $z 0.001", "BZMPOP 0.001 1 $z MIN",
    "XREAD BLOCK 1 STREAMS $x $d", "XREADGROUP GROUP g c BLOCK 1 STREAMS $x >", "FLUSHDB",
    "PUBLISH a $v",
    "SWAPDB 0 1", "SELECT 0", "SELECT 1", "SELECT 2", "SELECT 99", "SELECT foo", "RESET",
    "FLUSHALL",
    "MSET $s $v $s", "BLPOP $l foo", "BLPOP $l", "BLPOP $s 0.001", "XREAD BLOCK foo STREAMS $x 0",
    "HELLO 9", "COMMAND COUNT", "SUBSCRIBE", "PSUBSCRIBE", "WAIT 0 0",
  ]

  static let transactions = [
    "MULTI", "MULTI", "MULTI", "EXEC", "EXEC", "EXEC", "DISCARD", "WATCH $k $s", "WATCH $s",
    "UNWATCH",
    "WATCH", "MULTI x", "EXEC x", "DISCARD x", "UNWATCH x",
  ]
}
