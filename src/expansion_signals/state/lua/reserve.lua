-- Remember decisions of accounts under their keys, for the revision they were made on.
--
-- KEYS  1.. the d key of each account
-- ARGV  1 packed: { {account, revision, {field to drop, ...}, {field, value, ...}}, ... }, in the order of the keys
--   d:<account>   rev         revision, raised by each change
--                 k<series>   what is decided of a key (see packing)
-- Accounts are judged one by one: an account of another revision is left as it is.
--
-- Answers {account, ...}: those that were decided by somebody else meanwhile: read again, decide again.

local refused = {}
for index, asked in ipairs(cmsgpack.unpack(ARGV[1])) do
  local key = KEYS[index]
  local revision = tonumber(redis.call('HGET', key, 'rev') or '0')
  if revision ~= asked[2] then
    refused[#refused + 1] = asked[1]
  else
    if #asked[3] > 0 then
      redis.call('HDEL', key, unpack(asked[3]))
    end
    redis.call('HSET', key, 'rev', revision + 1, unpack(asked[4]))
  end
end
return refused
