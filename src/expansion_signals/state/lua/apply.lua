-- Apply one poll's work to one shard: all of it, or nothing with the reason.
--
-- KEYS  1 m (state)  2 wm (watermarks)  3 n (names)  4 pending  5.. every further key, named by index in the request
-- ARGV  1 the request, packed:
--   { epoch, nonce, names, ranges, slices, groups, identities, checks, accounts }
--   ranges     { {partition, start or '', end, reached, counted, duplicate, unmatched, dead-lettered, reserved or ''}, ... }
--   slices     { name, layout assumed, layout wanted, ... }       a layout lists bucket counts, as in "8,32"
--   groups     { {set key, checks key or 0, write 0|1, identity, ...}, ... }   the identities probed in one bucket
--   accounts   { {account, a key, stamp of the profile or '', moves, days, hours, change}, ... }
--     moves    { name, suffix, operation, quiet, firing, watched 0|1, evidence, appended,
--                keep from, {key forgotten, ...} or '', ... }                            see changes.lua
--     days     { b key, field, name, operation, part, day, ... }
--     hours    { h key, day, field, name, operation, part, hour * 2 + (0 quiet, 1 firing), ... }
--     change   {} or {p key, stamp or '', profile, evidence, appended, revision of hours or '', h key, ...}
-- Levels and amounts are decimal strings; every instant, offset and tally is a whole number below 2^53.
--
-- Answers, in the order of the checks; only the last writes:
--   {'lost'}                           the shard is empty
--   {'epoch', epoch}                   judged under a later configuration
--   {'gap', {partition, offset, ...}}  a range starts above the watermark
--   {'behind', {partition, offset..}}  a range starts below it
--   {'profile', {account, ...}}        another profile, or other hour buckets, than assumed
--   {'layout', {slice, layout, ...}}   identity slices stand otherwise
--   {'seen', {identity, conflict 0|1, ...}}
--   {'overflow', {account, name, place, level, ...}}
--   {'ok', {facts of an account, ...}, {slice that is full, ...}}

local HOUR_OF_MICROSECONDS = 3600000000
local MOVE, DAY, HOUR = 10, 6, 7 -- how many elements describe one of each
-- Past so many members a set of integers loses its compact form. It is told to be full while there is still room for
-- as many again as this call brought.
local COMPACT_SET, SPARE = 512, 72

local state, watermarks, names_key, pending = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local request = cmsgpack.unpack(ARGV[1])
local epoch, nonce, names, ranges, slices = request[1], request[2], request[3], request[4], request[5]
local groups, identities, checks, accounts = request[6], request[7], request[8], request[9]

-- 1. The shard stands, under no later epoch.
local stands = redis.call('HMGET', state, 'format', 'epoch')
if not stands[1] then
  return { 'lost' }
end
local epoch_before = tonumber(stands[2] or '0')
if epoch_before > epoch then
  return { 'epoch', tostring(epoch_before) }
end

-- 2. Every range starts where its partition's watermark stands.
local finding, offsets = displaced(watermarks, ranges, 9)
if finding then
  return { finding, offsets }
end

-- 3. Names have numbers; new ones are written with everything else.
local numbers, new_names = {}, {}
if #names > 0 then
  local known = redis.call('HMGET', names_key, unpack(names))
  local last = redis.call('HLEN', names_key)
  for index, name in ipairs(names) do
    numbers[index] = known[index]
    if not known[index] then
      last = last + 1
      numbers[index] = tostring(last)
      new_names[#new_names + 1] = name
      new_names[#new_names + 1] = tostring(last)
    end
  end
end

-- 4. Every account has the profile that was assumed. One read brings all that its moves need.
local kept, others = {}, {}
for index, account in ipairs(accounts) do
  local fields = { 'v', 'q', 'j', 'H' }
  local moves = account[4]
  for move = 1, #moves, MOVE do
    local counter = numbers[moves[move]] .. ':' .. moves[move + 1]
    fields[#fields + 1] = counter
    fields[#fields + 1] = 'g' .. counter
    if moves[move + 2] == 'l' then
      fields[#fields + 1] = 'o' .. counter
    end
  end
  local values = {}
  for _, piece in ipairs(in_pieces('HMGET', KEYS[account[2]], fields)) do
    for _, value in ipairs(piece) do
      values[#values + 1] = value
    end
  end
  kept[index] = values
  local change = account[7]
  local revision = values[4] and string.match(values[4], '^[^|]*') or ''
  if (values[1] or '') ~= account[3] or (#change > 0 and revision ~= change[6]) then
    others[#others + 1] = account[1]
  end
end
if #others > 0 then
  return { 'profile', others }
end

-- 5. Identity slices stand as assumed, and no identity has been seen.
local layout_fields = {}
for slice = 1, #slices, 3 do
  layout_fields[#layout_fields + 1] = 'i' .. slices[slice]
end
if #layout_fields > 0 then
  local layouts, same = {}, true
  for index, layout in ipairs(redis.call('HMGET', state, unpack(layout_fields))) do
    local slice = 3 * index - 2
    layout = layout or ''
    layouts[#layouts + 1] = slices[slice]
    layouts[#layouts + 1] = layout
    same = same and (layout == slices[slice + 1] or layout == slices[slice + 2])
  end
  if not same then
    return { 'layout', layouts }
  end
end

local function contains(text, check)
  for place = 1, #text, 4 do
    if string.sub(text, place, place + 3) == check then
      return true
    end
  end
  return false
end

local conflicts = {}
for _, group in ipairs(groups) do
  local members = {}
  for place = 4, #group do
    members[#members + 1] = identities[group[place]]
  end
  local found = redis.call('SMISMEMBER', KEYS[group[1]], unpack(members))
  local remembered = nil
  for place, hit in ipairs(found) do
    if hit == 1 then
      local identity = group[place + 3]
      local conflict = 0
      if group[2] > 0 then
        remembered = remembered or redis.call('GET', KEYS[group[2]]) or ''
        conflict = contains(remembered, checks[identity]) and 0 or 1
      end
      -- Copies stand in two slices: one that knows the payload is enough.
      conflicts[identity] = math.min(conflicts[identity] or 1, conflict)
    end
  end
end
local verdicts = {}
for identity, conflict in pairs(conflicts) do
  verdicts[#verdicts + 1] = identity
  verdicts[#verdicts + 1] = conflict
end
if #verdicts > 0 then
  return { 'seen', verdicts }
end

-- 6. Levels after the batch, and whether they can be held.
local full, buckets, members = {}, {}, {}

-- Change a bucket of another hash than the account's own; `place` names it in an overflow.
local function change_bucket(account, key, where, name, operation, part, place)
  local field = numbers[name] .. '.' .. where
  buckets[key] = buckets[key] or {}
  if operation == 's' then
    members[#members + 1] = part
    buckets[key][field] = '1'
    return
  end
  local before = buckets[key][field] or redis.call('HGET', KEYS[key], field) or nil
  local after = bucket_after(operation, before, part)
  if operation == 'a' and not fits(after) then
    full[#full + 1] = account
    full[#full + 1] = names[name]
    full[#full + 1] = place
    full[#full + 1] = before or '0'
  end
  buckets[key][field] = after
end

-- Per account, for each move: {level or nil, guard, level after the quiet part, level after both, order or nil}.
local courses = {}
for index, account in ipairs(accounts) do
  local moves, days, hours = account[4], account[5], account[6]
  local values, place, course = kept[index], 5, {}
  for move = 1, #moves, MOVE do
    local operation, quiet, firing = moves[move + 2], moves[move + 3], moves[move + 4]
    local before, guard, order = values[place] or nil, values[place + 1] or nil, nil
    place = place + 2
    if operation == 'l' then
      order = values[place] or nil
      place = place + 1
      quiet, order = latest(quiet, order)
      firing, order = latest(firing, order)
    end
    if operation == 'b' then
      quiet = baseline(quiet, numbers[moves[move]])
    end
    local quieted = changed(operation, before, quiet)
    local level = changed(operation, quieted, firing)
    if level and not fits(level) then
      full[#full + 1] = account[1]
      full[#full + 1] = names[moves[move]]
      full[#full + 1] = 'c' .. moves[move + 1]
      full[#full + 1] = before or '0'
    end
    course[#course + 1] = { before, guard, quieted or '0', level or '0', order }
  end
  courses[index] = course
  for day = 1, #days, DAY do
    change_bucket(account[1], days[day], days[day + 1], days[day + 2], days[day + 3], days[day + 4], 'd' .. days[day + 5])
  end
  for hour = 1, #hours, HOUR do
    change_bucket(account[1], hours[hour], hours[hour + 2], hours[hour + 3], hours[hour + 4], hours[hour + 5],
                  'h' .. hours[hour + 6])
  end
end
if #full > 0 then
  return { 'overflow', full }
end

-- 7. Everything is well: write. Nothing below can fail.
if epoch > epoch_before then
  redis.call('HSET', state, 'epoch', epoch)
end
if #new_names > 0 then
  redis.call('HSET', names_key, unpack(new_names))
end
for slice = 1, #slices, 3 do
  if slices[slice + 2] ~= slices[slice + 1] then
    redis.call('HSET', state, 'i' .. slices[slice], slices[slice + 2])
  end
end
local full_slices = {}
for _, group in ipairs(groups) do
  if group[3] > 0 then
    local members, text = {}, {}
    for place = 4, #group do
      members[#members + 1] = identities[group[place]]
      text[#text + 1] = checks[group[place]]
    end
    redis.call('SADD', KEYS[group[1]], unpack(members))
    if group[2] > 0 then
      redis.call('APPEND', KEYS[group[2]], table.concat(text))
    end
    if redis.call('SCARD', KEYS[group[1]]) + math.max(#members, SPARE) > COMPACT_SET then
      full_slices[#full_slices + 1] = KEYS[group[1]]
    end
  end
end
for _, part in ipairs(members) do
  in_pieces('SADD', KEYS[part[1]], part, 2)
end
for key, fields in pairs(buckets) do
  local values = {}
  for field, value in pairs(fields) do
    values[#values + 1] = field
    values[#values + 1] = value
  end
  in_pieces('HSET', KEYS[key], values)
end

-- A guard of another epoch counts as none; a guard that is passed by either part must be judged.
local function passed(guard, quiet_level, level)
  local of, low, high = string.match(guard or '', '^(%d+):(-?%d*):(-?%d*)$')
  if not of or tonumber(of) ~= epoch then
    return true
  end
  if low ~= '' and (less(level, low) or less(quiet_level, low)) then
    return true
  end
  return high ~= '' and not (less(level, high) and less(quiet_level, high))
end

-- Whether a partition of the same topics is more than an hour behind these records: its own may ask for what is old.
local function lags()
  local here, topics, reached = 0, {}, {}
  for _, range in ipairs(ranges) do
    here = math.max(here, range[4])
    topics[string.match(range[1], '^(.*)/%d+$') or ''] = true
    reached[range[1]] = range[4]
  end
  local known = redis.call('HGETALL', watermarks)
  for place = 1, #known, 2 do
    local partition, topic = string.match(known[place], '^((.*)/%d+)|t$')
    if partition and topics[topic] then
      reached[partition] = math.max(reached[partition] or 0, tonumber(known[place + 1]))
    end
  end
  for _, time in pairs(reached) do
    if time > 0 and time < here - HOUR_OF_MICROSECONDS then
      return true
    end
  end
  return false
end

-- Counters of periods long closed go when the next one of their meter comes: absolute expiry, never by the clock. Where
-- a partition lags, they stay until the one after. What this call moves (`moving`: fields, and keys of members) stays.
local function drop_before(key, number, keep_from, forgotten, moving, drops)
  if lags() then
    return
  end
  for _, field in ipairs(redis.call('HKEYS', key)) do
    local counter, of, start = string.match(field, '^[gko]?((%d+):(%d+)[^~]*)')
    if of == number and tonumber(start) < keep_from and not moving[counter] then
      drops[#drops + 1] = field
    end
  end
  if forgotten ~= '' and not moving[forgotten[1]] then
    redis.call('DEL', KEYS[forgotten[1]], KEYS[forgotten[2]])
  end
end

local reports = {}
for index, account in ipairs(accounts) do
  local name, key, moves, hours, change = account[1], KEYS[account[2]], account[4], account[6], account[7]
  local values = kept[index]
  local written, marked = tonumber(values[2] or '0'), tonumber(values[3] or '0')
  local sets, drops, first = {}, {}, written

  local function fact(body)
    written = written + 1
    redis.call('HSET', pending, pending_field(written, name), cmsgpack.pack(body))
  end

  local moving = {}
  for move = 1, #moves, MOVE do
    moving[numbers[moves[move]] .. ':' .. moves[move + 1]] = true
    if moves[move + 2] == 's' then
      local members = moves[move + 3] ~= '' and moves[move + 3] or moves[move + 4]
      moving[members[1]] = true
    end
  end

  -- The profile first: the facts after it are judged under it.
  if #change > 0 then
    local before = redis.call('GET', KEYS[change[1]]) or ''
    fact({ 'c', nonce, epoch, before, change[3], change[4], change[5] })
    if change[2] == '' then
      redis.call('DEL', KEYS[change[1]])
      drops[#drops + 1] = 'v'
    else
      redis.call('SET', KEYS[change[1]], change[3])
      sets[#sets + 1] = 'v'
      sets[#sets + 1] = change[2]
    end
    if values[4] then
      drops[#drops + 1] = 'H'
      for place = 7, #change do
        redis.call('DEL', KEYS[change[place]])
      end
    end
    -- Every counter that stands is judged again under the new profile; those with moves below report themselves.
    local by_number = {}
    local all = redis.call('HGETALL', names_key)
    for place = 1, #all, 2 do
      by_number[all[place + 1]] = all[place]
    end
    local fields, stands = redis.call('HGETALL', key), {}
    for place = 1, #fields, 2 do
      stands[fields[place]] = fields[place + 1]
    end
    for place = 1, #fields, 2 do
      local number, suffix = string.match(fields[place], '^(%d+):(.*)$')
      if number then
        drops[#drops + 1] = 'g' .. fields[place]
        if not moving[fields[place]] then
          local estimated = stands['o' .. fields[place]] == 'sketch' and 1 or 0
          fact({ 'm', nonce, epoch, by_number[number], suffix, fields[place + 1], '0', '0', change[4], change[5],
                 estimated })
        end
      end
    end
  end

  for place, course in ipairs(courses[index]) do
    local move = (place - 1) * MOVE + 1
    local counter = numbers[moves[move]] .. ':' .. moves[move + 1]
    local before, guard, quieted, level, order = course[1] or '0', course[2], course[3], course[4], course[5]
    local estimated = 0
    if not course[1] and moves[move + 8] > 0 then
      drop_before(key, numbers[moves[move]], moves[move + 8], moves[move + 9], moving, drops)
    end
    if moves[move + 2] == 's' then
      quieted, estimated = seen(before, moves[move + 3], 0)
      level, estimated = seen(quieted, moves[move + 4], estimated)
    end
    sets[#sets + 1] = counter
    sets[#sets + 1] = level
    if estimated == 1 then
      order = 'sketch'
    end
    if order then
      sets[#sets + 1] = 'o' .. counter
      sets[#sets + 1] = order
    end
    if moves[move + 5] == 1 and passed(#change == 0 and guard or nil, quieted, level) then
      fact({ 'm', nonce, epoch, names[moves[move]], moves[move + 1], before, difference(quieted, before),
             difference(level, quieted), moves[move + 6], moves[move + 7], estimated })
      drops[#drops + 1] = 'g' .. counter
    end
  end

  if #hours > 0 then
    local first_day, last_day = string.match(values[4] or '', '|(%d+)|(%d+)$')
    for hour = 1, #hours, HOUR do
      local day = hours[hour + 1]
      first_day = math.min(tonumber(first_day or day), day)
      last_day = math.max(tonumber(last_day or day), day)
    end
    sets[#sets + 1] = 'H'
    sets[#sets + 1] = nonce .. '|' .. first_day .. '|' .. last_day
  end

  if written > first then
    sets[#sets + 1] = 'q'
    sets[#sets + 1] = written
  end
  if #drops > 0 then
    in_pieces('HDEL', key, drops)
  end
  if #sets > 0 then
    in_pieces('HSET', key, sets)
  end
  if written > first then
    reports[#reports + 1] = unmarked(pending, names_key, key, name, marked, written)
  end
end

for _, range in ipairs(ranges) do
  local partition = range[1]
  redis.call('HSET', watermarks, partition, range[3])
  if range[4] > tonumber(redis.call('HGET', watermarks, partition .. '|t') or '0') then
    redis.call('HSET', watermarks, partition .. '|t', string.format('%.0f', range[4]))
  end
  for place, tally in ipairs({ 'c', 'd', 'u', 'x' }) do
    if range[4 + place] > 0 then
      redis.call('HINCRBY', watermarks, partition .. '|' .. tally, range[4 + place])
    end
  end
end

return { 'ok', reports, full_slices }
