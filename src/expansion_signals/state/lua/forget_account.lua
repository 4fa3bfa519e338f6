-- Forget everything of one account, at one moment.
--
-- KEYS  1 pending  2 due  3 a (the account's hash)  4.. every further key of the account
-- ARGV  1 the account
-- Answers {keys that went, facts that nobody has judged and that went, looks that went}.

local pending, due, account_key, account = KEYS[1], KEYS[2], KEYS[3], ARGV[1]

local values = redis.call('HMGET', account_key, 'j', 'q')
local facts, looks, keys = 0, 0, 0
for number = tonumber(values[1] or '0') + 1, tonumber(values[2] or '0') do
  facts = facts + redis.call('HDEL', pending, number .. ':' .. account)
end
for _, member in ipairs(redis.call('ZRANGE', due, 0, -1)) do
  if string.match(member, '^[^|]*|(.*)$') == account then
    looks = looks + redis.call('ZREM', due, member)
  end
end
for place = 3, #KEYS do
  keys = keys + redis.call('UNLINK', KEYS[place])
end
return { keys, facts, looks }
