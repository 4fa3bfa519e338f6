-- Remember decisions of a shard's accounts under their keys, where its watermarks stand as they did when these were
-- made, and each for the revision it was made on.
--
-- KEYS  1 m (state)  2 wm (watermarks)  3 due  4.. the d key of each account, then the
--         note of each on its health
-- ARGV  1 packed: { standing, accounts, token }; the apply that passes these records asks for the token, so that a
--       roll-back between the two is noticed
--   standing   { {partition, offset or '', token of an earlier call for the same records or ''}, ... }
--   accounts   { {account, revision, {field to drop, ...}, {field, value, ...}, due member, when or '',
--              health or ''}, ... }, in the order of the keys
--   d:<account>   rev       revision, raised by each change
--                 k<key>    what is decided of a key; memory, o<place>: the rest (see policy.py)
--
-- Answers; only the last writes, and judges the accounts one by one:
--   {'lost'}                            the shard is empty
--   {'gap', {partition, offset, ...}}   a watermark stands lower, or the earlier token is gone: what was decided is lost
--   {'behind', {partition, offset..}}   a watermark stands higher: part of this is decided and published
--   {'ok', {account, ...}}              accounts of another revision, left as they are: read and decide again

if redis.call('HEXISTS', KEYS[1], 'format') == 0 then
  return { 'lost' }
end
local request = cmsgpack.unpack(ARGV[1])
local finding, offsets = displaced(KEYS[2], request[1], 3)
if finding then
  return { finding, offsets }
end

local refused = {}
for index, asked in ipairs(request[2]) do
  local key = KEYS[3 + index]
  local revision = tonumber(redis.call('HGET', key, 'rev') or '0')
  if revision ~= asked[2] then
    refused[#refused + 1] = asked[1]
  else
    -- One by one: a long backlog of one account has more than `unpack` can hand over.
    for _, field in ipairs(asked[3]) do
      redis.call('HDEL', key, field)
    end
    for place = 1, #asked[4], 2 do
      redis.call('HSET', key, asked[4][place], asked[4][place + 1])
    end
    if #asked[3] + #asked[4] > 0 then
      redis.call('HSET', key, 'rev', revision + 1)
    end
    if asked[6] ~= '' then
      redis.call('ZADD', KEYS[3], asked[6], asked[5])
    end
    if asked[7] ~= '' then
      local note = KEYS[3 + #request[2] + index]
      local written = tonumber(string.match(redis.call('GET', note) or '0|', '^%d+'))
      redis.call('SET', note, string.format('%.0f|', written + 1) .. asked[7])
    end
  end
end
for _, partition in ipairs(request[1]) do
  redis.call('HSET', KEYS[2], partition[1] .. '|r', request[3])
end
return { 'ok', refused }
