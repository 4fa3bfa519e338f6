-- Commands on lists of any length: `unpack` fails on some thousands of elements.

local PIECE = 1000 -- even, so that pairs of field and value stay together

-- Call a command that answers a number with the elements of a list from `first` to `last`, piece by piece; returns the
-- sum of the answers.
local function in_pieces(command, key, list, first, last)
  first, last = first or 1, last or #list
  local sum = 0
  while last - first >= PIECE do
    sum = sum + redis.call(command, key, unpack(list, first, first + PIECE - 1))
    first = first + PIECE
  end
  return first > last and sum or sum + redis.call(command, key, unpack(list, first, last))
end

-- What the fields of a hash hold, in their order; false where there is none. `last` is how many they are.
local function fields_of(key, fields, last)
  last = last or #fields
  if last <= PIECE then
    return redis.call('HMGET', key, unpack(fields, 1, last))
  end
  local values = {}
  for first = 1, last, PIECE do
    for _, value in ipairs(redis.call('HMGET', key, unpack(fields, first, math.min(first + PIECE - 1, last)))) do
      values[#values + 1] = value
    end
  end
  return values
end
