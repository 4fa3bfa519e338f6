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
