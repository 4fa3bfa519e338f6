-- Read the unmarked facts of accounts of one shard; writes nothing.
--
-- KEYS  1 m  2 n (names)  3 pending  then for each account its a key and its p key
-- ARGV  the accounts, in the order of the keys
-- Answers { {facts of an account..., profile or ''}, ... }: the accounts that have any; none in a shard that is lost.

local names_key, pending = KEYS[2], KEYS[3]
local found = {}
if redis.call('HEXISTS', KEYS[1], 'format') == 0 then
  return found
end
for index, account in ipairs(ARGV) do
  local key = KEYS[2 + 2 * index]
  local values = redis.call('HMGET', key, 'q', 'j')
  local written, marked = tonumber(values[1] or '0'), tonumber(values[2] or '0')
  if written > marked then
    local facts = unmarked(pending, names_key, key, account, marked, written)
    facts[5] = redis.call('GET', KEYS[3 + 2 * index]) or ''
    found[#found + 1] = facts
  end
end
return found
