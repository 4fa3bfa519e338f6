-- Accept a configuration: give its fingerprint an epoch, the next whole number, or find the one it has.
--
-- KEYS  1 deployment  2 configuration texts (hash: "<epoch>:<file>" -> text)
-- ARGV  1 fingerprint  2 force 0|1 (a roll-back by an operator's word)  3.. file, text, ...
-- Answers {epoch of this fingerprint, epoch in force}. They differ where this fingerprint was replaced by a later one
-- and `force` is 0: a worker with old files must not fight one with new files.

local deployment, texts, fingerprint = KEYS[1], KEYS[2], ARGV[1]
local current = tonumber(redis.call('HGET', deployment, 'epoch') or '0')
local known = tonumber(redis.call('HGET', deployment, 'fingerprint:' .. fingerprint) or '0')
if known == current and current > 0 then
  return { known, current }
end
if known > 0 and ARGV[2] == '0' then
  return { known, current }
end
current = current + 1
for place = 3, #ARGV, 2 do
  redis.call('HSET', texts, current .. ':' .. ARGV[place], ARGV[place + 1])
end
redis.call('HSET', deployment, 'epoch', current, 'fingerprint:' .. fingerprint, current)
return { current, current }
