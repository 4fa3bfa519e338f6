-- What values of dimensions have of a counter (needs numbers.lua, pieces.lua and changes.lua).
--
-- An x hash holds `<dimension>=<value>` -> level, of `latest` with its order; `<dimension>` -> how many values are kept
-- apart. Asked is { x key, name, suffix, operation, dimension, value, part, dimension, value, part, ... }.

local VALUES_KEPT, OTHER = 100, 'other'

-- What stands of all that is asked, and of what it may be counted under instead.
local function standing_shares(asked)
  local fields, stands = {}, {}
  for place = 5, #asked, 3 do
    local dimension = asked[place]
    for _, field in ipairs({ dimension, dimension .. '=' .. asked[place + 1], dimension .. '=' .. OTHER }) do
      if stands[field] == nil then
        stands[field] = false
        fields[#fields + 1] = field
      end
    end
  end
  for place, value in ipairs(fields_of(KEYS[asked[1]], fields)) do
    stands[fields[place]] = value
  end
  return stands
end

-- What to write, { x key, field, value, ... }, and the places that could not hold it, each { suffix, dimension, value, ... }
-- with the level before. Reads only.
local function shared(asked)
  local stands, after, places, order = standing_shares(asked), {}, {}, {}
  for place = 5, #asked, 3 do
    local dimension, value, part = asked[place], asked[place + 1], asked[place + 2]
    local field = dimension .. '=' .. value
    if value ~= OTHER and not (after[field] or stands[field]) then
      local values = tonumber(after[dimension] or stands[dimension] or 0)
      if values >= VALUES_KEPT then
        field = dimension .. '=' .. OTHER
      else
        after[dimension] = tostring(values + 1)
      end
    end
    after[field] = bucket_after(asked[4], after[field] or stands[field] or nil, part)
    if not places[field] then
      places[field] = { asked[3], dimension }
      order[#order + 1] = field
    end
    table.insert(places[field], value)
  end
  local written, full = { KEYS[asked[1]] }, {}
  for field, value in pairs(after) do
    written[#written + 1] = field
    written[#written + 1] = value
  end
  for _, field in ipairs(order) do
    if not fits(string.match(after[field], '^-?%d+')) then
      full[#full + 1] = places[field]
      full[#full + 1] = stands[field]
    end
  end
  return written, full
end
