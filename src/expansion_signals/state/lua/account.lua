-- Read what is kept of one account, all of it at one moment; nothing is written.
--
-- KEYS  1 p (the profile)  2.. hashes
-- Answers {profile or false, {field, value, ...}, ...}, in the order of the keys.

local found = { redis.call('GET', KEYS[1]) }
for place = 2, #KEYS do
  found[place] = redis.call('HGETALL', KEYS[place])
end
return found
