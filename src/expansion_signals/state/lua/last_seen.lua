-- The last UTC day each member of a `unique` meter was seen on (needs pieces.lua and changes.lua).
--
-- An s hash holds member -> day, for at most EXACT members; then `sketched` alone, and each day has a sketch under a z
-- key of its own. Asked is { s key, name, {day, z key, ...}, {day, member, ...}, ... }; days are numbers.

local SKETCHED, DAYS_KEPT = 'sketched', 62

-- The z key of a day, nil where it is not named.
local function sketch_of(sketches, day)
  for place = 1, #sketches, 2 do
    if sketches[place] == day then
      return sketches[place + 1]
    end
  end
end

-- Past what can be kept, those not seen for long go, and sketches take over where that is not enough; reads only.
-- `last` holds the days of those asked, `fields` those that would be written; `sketches` is as asked.
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
  if kept <= EXACT then
    local plan = { gone = {} }
    for place = 1, #stands, 2 do
      if not last[stands[place]] then
        table.insert(plan.gone, stands[place])
      end
    end
    for place = 1, #fields, 2 do
      if last[fields[place]] then
        table.insert(plan, fields[place])
        table.insert(plan, fields[place + 1])
      end
    end
    return plan
  end
  local plan = { SKETCHED, 1, sketches = {}, emptied = true }
  local by_day = {}
  for member, day in pairs(last) do
    if not by_day[day] then
      local sketch = sketch_of(sketches, day)
      if not sketch then
        return false, newest
      end
      by_day[day] = { sketch }
      table.insert(plan.sketches, by_day[day])
    end
    table.insert(by_day[day], member)
  end
  return plan
end

-- What to write: { member, day, ... }, and where there are some, gone = { member, ... },
-- sketches = { {z key, member, ...}, ... }, emptied = whether the hash goes first. False and the newest day, where a day
-- is wanted whose z key is not named. Reads only.
local function seen_by_day(asked)
  local hash, wanted, last = KEYS[asked[1]], { SKETCHED }, {}
  for place = 4, #asked do
    local seen_then = asked[place]
    local day = seen_then[1]
    for index = 2, #seen_then do
      local member = seen_then[index]
      local later = last[member]
      if not later then
        wanted[#wanted + 1] = member
      end
      if not later or later < day then
        last[member] = day
      end
    end
  end
  local stands, plan = fields_of(hash, wanted), {}

  if stands[1] then
    plan.sketches = {}
    for place = 4, #asked do
      local sketch = { sketch_of(asked[3], asked[place][1]) }
      for index = 2, #asked[place] do
        sketch[index] = asked[place][index]
      end
      plan.sketches[place - 3] = sketch
    end
    return plan
  end

  local new = 0
  for place = 2, #wanted do
    local member, stood = wanted[place], stands[place]
    new = new + (stood and 0 or 1)
    if not stood or tonumber(stood) < last[member] then
      plan[#plan + 1] = member
      plan[#plan + 1] = last[member]
    end
  end
  if new == 0 or redis.call('HLEN', hash) + new <= EXACT then
    return plan
  end
  return make_room(hash, last, plan, asked[3])
end

-- Write a plan; cannot fail.
local function write_seen(asked, plan)
  local hash = KEYS[asked[1]]
  if plan.emptied then
    redis.call('DEL', hash)
  end
  if plan.gone then
    in_pieces('HDEL', hash, plan.gone)
  end
  in_pieces('HSET', hash, plan)
  for _, sketch in ipairs(plan.sketches or {}) do
    in_pieces('PFADD', KEYS[sketch[1]], sketch, 2)
  end
end
