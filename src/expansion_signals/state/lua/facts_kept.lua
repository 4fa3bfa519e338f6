-- How facts, marks and guards stand in a shard. Shared by the scripts that write, mark and read them.
--
--   a:<account>   q  number of the last fact written       <no>:<suffix>       level of a counter
--                 j  number of the last fact marked        g<no>:<suffix>      its guard, "epoch:low:high"
--                 v  stamp of the profile                  k<no>:<suffix>[~n]  its marks, in chunks of 64 bytes
--                 H  hour buckets kept, "nonce of their last change|first day|last day"
--                                                         o<no>:<suffix>      of a latest level, "time|offset"; of members, "sketch"
--   pending       <number>:<account> -> packed {'m', nonce, epoch, meter, suffix, before, quiet, firing, evidence, appended,
--                                    1 if a sketch estimates the level}
--                                    or packed {'c', nonce, epoch, profile before, profile after, evidence, appended}
--                                    or packed {'f', nonce, epoch, signal}
--   n             meter -> its number in this shard

local CHUNK = 64

local function pending_field(number, account)
  return number .. ':' .. account
end

-- The marks text of a counter, '' where it was never judged.
local function marks_of(key, counter)
  local text, chunk = '', redis.call('HGET', key, 'k' .. counter)
  local index = 0
  while chunk do
    text = text .. chunk
    if #chunk < CHUNK then
      break
    end
    index = index + 1
    chunk = redis.call('HGET', key, 'k' .. counter .. '~' .. index)
  end
  return text
end

-- All facts of an account after `marked` up to `written`, in order, with the marks of the counters they name:
-- {account, marked, {number, packed, ...}, {meter, suffix, marks, ...}}
local function unmarked(pending, names, key, account, marked, written)
  local facts, marks, met = {}, {}, {}
  for number = marked + 1, written do
    local packed = redis.call('HGET', pending, pending_field(number, account))
    if packed then
      facts[#facts + 1] = tostring(number)
      facts[#facts + 1] = packed
      local fact = cmsgpack.unpack(packed)
      if fact[1] == 'm' then
        local meter, suffix = fact[4], fact[5]
        if not met[meter .. ':' .. suffix] then
          met[meter .. ':' .. suffix] = true
          local counter = redis.call('HGET', names, meter) .. ':' .. suffix
          marks[#marks + 1] = meter
          marks[#marks + 1] = suffix
          marks[#marks + 1] = marks_of(key, counter)
        end
      end
    end
  end
  return { account, tostring(marked), facts, marks }
end
