/**
 * Keys, each behind the prefix: `ledgers` is the set of all ledgers by name, `ledger:NODE:NUMBER` what one node has in one, by id,
 * and `alive:NODE` says for a while that a node lives, or for longer that it was taken for dead. `NODE` is another at each start.
 */
const LEDGERS = 'ledgers';

/** Counts ledgers that were taken over: no two have had the same name. */
const NUMBERS = 'numbers';

/** A node's own ledger; those that it took over have numbers, and older events, and are read before it. */
export const OWN = 'own';

/** KEYS: alive. ARGV: prefix, how long this node lives on, then ledger, id and text of each. 0: this node was taken for dead. */
export const WRITE = `
if redis.call('GET', KEYS[1]) == 'taken' then return 0 end
redis.call('SET', KEYS[1], 'alive', 'PX', ARGV[2])
for i = 3, #ARGV, 3 do
  local name = ARGV[i]
  local key = ARGV[1] .. 'ledger:' .. name
  if ARGV[i + 2] == '' then
    redis.call('HDEL', key, ARGV[i + 1])
    if redis.call('EXISTS', key) == 0 then redis.call('SREM', ARGV[1] .. '${LEDGERS}', name) end
  else
    redis.call('HSET', key, ARGV[i + 1], ARGV[i + 2])
    redis.call('SADD', ARGV[1] .. '${LEDGERS}', name)
  end
end
return 1`;

/**
 * Makes all ledgers of one dead node those of this one. KEYS: alive. ARGV: prefix, this node, how long it stays known that the
 * other was taken for dead. Gives all that this node has taken over and not struck, in the order in which they are to be read: the
 * answer of an earlier time may have got lost.
 */
export const TAKE_OVER = `
if redis.call('GET', KEYS[1]) ~= 'alive' then return {} end
local prefix, me = ARGV[1], ARGV[2]
local names = redis.call('SMEMBERS', prefix .. '${LEDGERS}')
table.sort(names)
local mine, dead = {}, nil
for _, name in ipairs(names) do
  local node = string.match(name, '^[^:]*')
  if node == me then
    if name ~= me .. ':${OWN}' then table.insert(mine, name) end
  elseif dead == nil and redis.call('EXISTS', prefix .. 'alive:' .. node) == 0 then
    dead = node
  end
  if node == dead then
    redis.call('SREM', prefix .. '${LEDGERS}', name)
    local key = prefix .. 'ledger:' .. name
    if redis.call('EXISTS', key) == 1 then
      local number = redis.call('INCR', prefix .. '${NUMBERS}')
      local new = me .. ':' .. string.format('%012d', number)
      redis.call('RENAME', key, prefix .. 'ledger:' .. new)
      redis.call('SADD', prefix .. '${LEDGERS}', new)
      table.insert(mine, new)
    end
  end
end
if dead ~= nil then redis.call('SET', prefix .. 'alive:' .. dead, 'taken', 'PX', ARGV[3]) end
return mine`;

/** KEYS: alive. Others need not wait until it is over by itself. */
export const LEAVE = `
if redis.call('GET', KEYS[1]) == 'alive' then redis.call('DEL', KEYS[1]) end
return 1`;
