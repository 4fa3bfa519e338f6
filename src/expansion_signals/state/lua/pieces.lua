-- Commands on lists of any length: `unpack` fails on some thousands of elements.

local PIECE = 1000 -- even, so that pairs of field and value stay together

-- Call a command with the elements of a list from `first` on, piece by piece; returns the answers.
local function in_pieces(command, key, list, first)
  local answers = {}
  for place = first or 1, #list, PIECE do
    answers[#answers + 1] = redis.call(command, key, unpack(list, place, math.min(place + PIECE - 1, #list)))
  end
  return answers
end

-- What the fields of a hash hold, in their order; false where there is none.
local function fields_of(key, fields)
  if #fields <= PIECE then
    return redis.call('HMGET', key, unpack(fields))
  end
  local values = {}
  for _, piece in ipairs(in_pieces('HMGET', key, fields)) do
    for _, value in ipairs(piece) do
      values[#values + 1] = value
    end
  end
  return values
end
