-- The last UTC day each member of a `unique` meter was seen on (needs pieces.lua and changes.lua).
--
-- An s hash holds member -> day, for at most EXACT members; then `sketched` alone, and each day has a sketch under a z
-- key of its own. Asked is { s key, name, {day, z key, ...}, {day, member, ...}, ... }; days are numbers.

local SKETCHED, DAYS_KEPT = 'sketched', 62

-- Past what can be kept, those not seen for long go, and sketches take over where that is not enough; reads only.
-- `last` holds the days of those asked, `fields` those that would be written, `sketches` the z keys by day.
local function make_room(hash, last, fields, sketches)
  local stands, newest, kept = redis.call('HGETALL', hash), 0, 0
  for place = 1, #stands, 2 do
    last[stands[place]] = math.max(last[stands[place]] or 0, tonumber(stands[place + 1]))
  end
  for _, day in pairs(last) do
    newest = math.max(newest, day)
  end
  for member, day in pairs(last) do
    if day <= newest - DAYS_KEPT then
      last[member] = nil
    else
      kept = kept + 1
    end
  end
  local plan = { fields = {}, gone = {}, sketches = {} }
  if kept <= EXACT then
    for place = 1, #stands, 2 do
      if not last[stands[place]] then
        table.insert(plan.gone, stands[place])
      end
    end
    for place = 1, #fields, 2 do
      if last[fields[place]] then
        table.insert(plan.fields, fields[place])
        table.insert(plan.fields, fields[place + 1])
      end
    end
    return plan
  end
  local by_day = {}
  for member, day in pairs(last) do
    if not sketches[day] then
      return false, newest
    end
    if not by_day[day] then
      by_day[day] = { sketches[day] }
      table.insert(plan.sketches, by_day[day])
    end
    table.insert(by_day[day], member)
  end
  plan.fields, plan.emptied = { SKETCHED, 1 }, true
  return plan
end

-- What to write: { fields = { member, day, ... }, gone = { member, ... }, sketches = { {z key, member, ...}, ... },
-- emptied = whether the hash goes first }. False and the newest day, where a day is wanted whose z key is not named.
-- Reads only.
local function seen_by_day(asked)
  local hash, sketches, wanted, last = KEYS[asked[1]], {}, { SKETCHED }, {}
  for place = 1, #asked[3], 2 do
    sketches[asked[3][place]] = asked[3][place + 1]
  end
  for place = 4, #asked do
    local day = asked[place][1]
    for index = 2, #asked[place] do
      local member = asked[place][index]
      if not last[member] then
        wanted[#wanted + 1] = member
      end
      last[member] = math.max(last[member] or day, day)
    end
  end
  local pieces = in_pieces('HMGET', hash, wanted)

  local plan = { fields = {}, gone = {}, sketches = {} }
  if pieces[1][1] then
    for place = 4, #asked do
      local sketch = { sketches[asked[place][1]] }
      for index = 2, #asked[place] do
        sketch[index] = asked[place][index]
      end
      plan.sketches[place - 3] = sketch
    end
    return plan
  end

  local new = 0
  for place = 2, #wanted do
    local stood = pieces[math.floor((place - 1) / PIECE) + 1][(place - 1) % PIECE + 1]
    new = new + (stood and 0 or 1)
    if not stood or tonumber(stood) < last[wanted[place]] then
      table.insert(plan.fields, wanted[place])
      table.insert(plan.fields, last[wanted[place]])
    end
  end
  if new == 0 or redis.call('HLEN', hash) + new <= EXACT then
    return plan
  end
  return make_room(hash, last, plan.fields, sketches)
end

-- Write a plan; cannot fail.
local function write_seen(asked, plan)
  local hash = KEYS[asked[1]]
  if plan.emptied then
    redis.call('DEL', hash)
  end
  if #plan.gone > 0 then
    in_pieces('HDEL', hash, plan.gone)
  end
  if #plan.fields > 0 then
    in_pieces('HSET', hash, plan.fields)
  end
  for _, sketch in ipairs(plan.sketches) do
    in_pieces('PFADD', KEYS[sketch[1]], sketch, 2)
  end
end
