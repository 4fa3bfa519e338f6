-- Forget one person of an account, where nothing of it has changed since it was read.
--
-- KEYS  1 a (the account's hash)  2 p (the profile)  3 d (what is decided)  4.. every further key, named by index
-- ARGV  1 packed: { stamp, profile, revision, memory, notes, members, fields }
--   stamp     { before or '', after }      of the profile          profile   its text from now on
--   revision  of what is decided           memory    {} or { what is remembered besides from now on, '' for nothing }
--   notes     { key, revision, text, ... }                          each as it was read, and its text from now on
--   members   { set key, number, ... }     fields    { hash key, field, ... }     go
-- Answers 1; 0 where something has changed: read again.

local stamp, profile, revision, memory, notes, members, fields = unpack(cmsgpack.unpack(ARGV[1]))

if (redis.call('HGET', KEYS[1], 'v') or '') ~= stamp[1] then
  return 0
end
if tonumber(redis.call('HGET', KEYS[3], 'rev') or '0') ~= revision then
  return 0
end
for place = 1, #notes, 3 do
  local stands = redis.call('GET', KEYS[notes[place]])
  if tonumber(string.match(stands or '0|', '^%d+')) ~= notes[place + 1] then
    return 0
  end
end

if profile ~= '' then
  redis.call('SET', KEYS[2], profile)
  redis.call('HSET', KEYS[1], 'v', stamp[2])
end
if memory[1] then
  redis.call('HSET', KEYS[3], 'rev', revision + 1)
  if memory[1] == '' then
    redis.call('HDEL', KEYS[3], 'memory')
  else
    redis.call('HSET', KEYS[3], 'memory', memory[1])
  end
end
for place = 1, #notes, 3 do
  -- The next revision: whoever read the note before, and would write it back, is refused.
  redis.call('SET', KEYS[notes[place]], (notes[place + 1] + 1) .. '|' .. notes[place + 2])
end
for place = 1, #members, 2 do
  redis.call('SREM', KEYS[members[place]], members[place + 1])
end
for place = 1, #fields, 2 do
  redis.call('HDEL', KEYS[fields[place]], fields[place + 1])
end
return 1
