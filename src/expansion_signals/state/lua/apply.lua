-- Apply one poll's work to one shard: all of it, or nothing with the reason.
--
-- KEYS  1 m (state)  2 wm (watermarks)  3 n (names)  4 pending  5.. every further key, named by index in the request
-- ARGV  1 the request, packed:
--   { epoch, nonce, names, ranges, slices, bunches, groups, accounts, 1 if counters must leave room }
--   ranges     { {partition, start or '', end, reached, counted, duplicate, unmatched, dead-lettered, reserved or ''}, ... }
--   slices     { name, layout assumed, layout wanted, ... }       a layout lists bucket counts, as in "8,32"
--   bunches    { {checks, identity, ...}, ... }         identities that are looked for together; checks: four bytes of each
--   groups     { set key, checks key or 0, write 0|1, bunch, ... }         a bucket, and what is looked for in it
--   accounts   { {account, a key, stamp of the profile or '', moves, months, hours, change, shares, days, notes, found,
--                look}, ... }                                    without the last seven where there are none of them
--     moves    { name, suffix, operation, quiet, firing, watched 0|1, appended, keep from,
--                {key forgotten, ...} or '', ... }                            see changes.lua
--     months   { {b key, name, day of the month, operation, part, day, ...}, ... }   each bucket once
--     hours    { h key, day, field, name, operation, part, hour * 2 + (0 quiet, 1 firing), ... }
--     change   {} or { p key, stamp or '', profile, evidence, appended, revision of hours or '', h key, ... }
--     shares   what values of dimensions have of its moves, one of each                see shares.lua
--     days     the days that members were seen on, by meter                            see last_seen.lua
--     notes    { o key, revision, text or false, ... }                 a note stands as "revision|text"; false: as it is
--     found    { signal, ... }                                         opaque; each becomes a fact
--     look     {} or { due key, reason and account, when }             wherever it stood before
--       2 the evidence of every move, packed, in their order: it is unpacked only where a fact wants it
-- Levels and amounts are decimal strings; every instant, offset and tally is a whole number below 2^53.
--
-- Answers, in the order of the checks; only the last writes:
--   {'lost'}                           the shard is empty
--   {'epoch', epoch}                   judged under a later configuration
--   {'gap', {partition, offset, ...}}  a range starts above the watermark
--   {'behind', {partition, offset..}}  a range starts below it
--   {'profile', {account, ...}}        another profile, other hour buckets or another note than assumed
--   {'layout', {slice, layout, ...}}   identity slices stand otherwise
--   {'seen', {bunch, place in it, conflict 0|1, ...}}
--   {'overflow', {account, name, place, level, ...}}
--   {'crowded', {account, name, newest day, ...}}  members need sketches of 62 days, whose z keys are not named
--   {'ok', {facts of an account, ...}, {slice that is full, ...}}

local HOUR_OF_MICROSECONDS = 3600000000
local MOVE, GROUP, DAY, HOUR, NOTE = 9, 4, 5, 7, 3 -- how many elements describe one of each
local COURSE = 5 -- and how many what becomes of a counter
local NOTHING = {}
-- What is told of a range behind its end, in this order: the append time reached, and the tallies.
local TOLD = { '|t', '|c', '|d', '|u', '|x' }
-- Past so many members a set of integers loses its compact form. It is told to be full while there is still room for
-- as many again as this call brought.
local COMPACT_SET, SPARE = 512, 72

local state, watermarks, names_key, pending = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local epoch, nonce, names, ranges, slices, bunches, groups, accounts, room = unpack(cmsgpack.unpack(ARGV[1]))
roomy = room == 1

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

-- The field of a counter, and that of its guard: accounts share their periods, so each is made once.
local counters, guards = {}, {}
local function counter_of(name, suffix)
  local of = counters[suffix]
  if not of then
    of = {}
    counters[suffix], guards[suffix] = of, {}
  end
  local counter = of[name]
  if not counter then
    counter = numbers[name] .. ':' .. suffix
    of[name], guards[suffix][name] = counter, 'g' .. counter
  end
  return counter, guards[suffix][name]
end

-- 4. Every account has the profile that was assumed. One read brings all that its moves need: `asked` are its fields.
local asked, kept, others = {}, {}, {}
for index, account in ipairs(accounts) do
  local moves, hours, change = account[4], account[6], account[7]
  local fields, last = { 'v' }, 1
  for move = 1, #moves, MOVE do
    local counter, guard = counter_of(moves[move], moves[move + 1])
    fields[last + 1], fields[last + 2], last = counter, guard, last + 2
    if moves[move + 2] == 'l' then
      fields[last + 1], last = 'o' .. counter, last + 1
    end
  end
  if hours then
    fields[last + 1], last = 'H', last + 1
  end
  local values = fields_of(KEYS[account[2]], fields)
  asked[index], kept[index] = fields, values
  local differs = (values[1] or '') ~= account[3]
  if change and #change > 0 then
    local revision = values[last] and string.match(values[last], '^[^|]*') or ''
    differs = differs or revision ~= change[6]
  end
  local notes = account[10] or NOTHING
  for note = 1, #notes, NOTE do
    local stands = redis.call('GET', KEYS[notes[note]])
    differs = differs or tonumber(string.match(stands or '0|', '^%d+')) ~= notes[note + 1]
  end
  if differs then
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

local verdicts = {}
for group = 1, #groups, GROUP do
  local checks_key, bunch = groups[group + 1], bunches[groups[group + 3]]
  local remembered = nil
  for place, hit in ipairs(redis.call('SMISMEMBER', KEYS[groups[group]], unpack(bunch, 2))) do
    if hit == 1 then
      local conflict = 0
      if checks_key > 0 then
        remembered = remembered or redis.call('GET', KEYS[checks_key]) or ''
        conflict = contains(remembered, string.sub(bunch[1], 4 * place - 3, 4 * place)) and 0 or 1
      end
      verdicts[#verdicts + 1] = groups[group + 3]
      verdicts[#verdicts + 1] = place
      verdicts[#verdicts + 1] = conflict
    end
  end
end
if #verdicts > 0 then
  return { 'seen', verdicts }
end

-- 6. Levels after the batch, and whether they can be held.
local full, writes, hour_buckets, members, by_day, crowded = {}, {}, {}, {}, {}, {}

local function refuse(account, name, place, level)
  full[#full + 1] = account
  full[#full + 1] = names[name]
  full[#full + 1] = place
  full[#full + 1] = level and string.match(level, '^-?%d+') or '0'
end

local buckets = {}
local function bucket_of(name, day)
  local place = 32 * name + day
  local field = buckets[place]
  if not field then
    field = bucket_field(numbers[name], day)
    buckets[place] = field
  end
  return field
end

-- The day buckets of one month after the batch: { b key, field, value, ... }.
local function month_after(account, month)
  local fields, after = {}, { KEYS[month[1]] }
  for day = 2, #month, DAY do
    fields[#fields + 1] = bucket_of(month[day], month[day + 1])
  end
  for place, before in ipairs(fields_of(after[1], fields)) do
    local day = DAY * place - DAY + 2
    local value = bucket_after(month[day + 2], before or nil, month[day + 3])
    if month[day + 2] == 'a' and not fits(value) then
      refuse(account, month[day], 'd' .. month[day + 4], before)
    end
    after[2 * place], after[2 * place + 1] = fields[place], value
  end
  return after
end

-- Change an hour bucket; `place` names it in an overflow.
local function change_hour(account, key, where, name, operation, part, place)
  local field = numbers[name] .. '.' .. where
  hour_buckets[key] = hour_buckets[key] or {}
  if operation == 's' then
    members[#members + 1] = part
    hour_buckets[key][field] = '1'
    return
  end
  local before = hour_buckets[key][field] or redis.call('HGET', KEYS[key], field) or nil
  local after = bucket_after(operation, before, part)
  if operation == 'a' and not fits(after) then
    refuse(account, name, 'h' .. place, before)
  end
  hour_buckets[key][field] = after
end

-- Per account, for each move: level or false, guard or false, level after the quiet part, level after both, order or
-- false.
local courses = {}
for index, account in ipairs(accounts) do
  local moves, hours = account[4], account[6] or NOTHING
  local values, place, course, last = kept[index], 2, {}, 0
  for move = 1, #moves, MOVE do
    local operation, quiet, firing = moves[move + 2], moves[move + 3], moves[move + 4]
    local before, order = values[place] or nil, nil
    course[last + 1], course[last + 2] = values[place], values[place + 1]
    place = place + 2
    if operation == 'l' then
      order = values[place] or nil
      place = place + 1
      quiet, order = latest(quiet, order)
      firing, order = latest(firing, order)
    elseif operation == 'b' then
      quiet = baseline(quiet, numbers[moves[move]])
    end
    local quieted = changed(operation, before, quiet)
    local level = changed(operation, quieted, firing)
    if level and not fits(level) then
      refuse(account[1], moves[move], 'c' .. moves[move + 1], before)
    end
    course[last + 3], course[last + 4], course[last + 5] = quieted or '0', level or '0', order or false
    last = last + COURSE
  end
  courses[index] = course
  for _, month in ipairs(account[5]) do
    writes[#writes + 1] = month_after(account[1], month)
  end
  for hour = 1, #hours, HOUR do
    change_hour(account[1], hours[hour], hours[hour + 2], hours[hour + 3], hours[hour + 4], hours[hour + 5],
                hours[hour + 6])
  end
  for _, share in ipairs(account[8] or NOTHING) do
    local after, unfit = shared(share)
    writes[#writes + 1] = after
    for place = 1, #unfit, 2 do
      refuse(account[1], share[2], unfit[place], unfit[place + 1])
    end
  end
  for _, days in ipairs(account[9] or NOTHING) do
    local plan, newest = seen_by_day(days)
    if plan then
      by_day[#by_day + 1] = { days, plan }
    else
      crowded[#crowded + 1] = account[1]
      crowded[#crowded + 1] = names[days[2]]
      crowded[#crowded + 1] = newest
    end
  end
end
if #full > 0 then
  return { 'overflow', full }
end
if #crowded > 0 then
  return { 'crowded', crowded }
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
for group = 1, #groups, GROUP do
  if groups[group + 2] == 1 then
    local key, checks_key, bunch = KEYS[groups[group]], groups[group + 1], bunches[groups[group + 3]]
    redis.call('SADD', key, unpack(bunch, 2))
    local size = checks_key > 0 and redis.call('APPEND', KEYS[checks_key], bunch[1]) / 4 or redis.call('SCARD', key)
    if size + math.max(#bunch - 1, SPARE) > COMPACT_SET then
      full_slices[#full_slices + 1] = key
    end
  end
end
for _, part in ipairs(members) do
  in_pieces('SADD', KEYS[part[1]], part, 2)
end
for _, hash in ipairs(writes) do
  in_pieces('HSET', hash[1], hash, 2)
end
for _, seen_then in ipairs(by_day) do
  write_seen(seen_then[1], seen_then[2])
end
for key, fields in pairs(hour_buckets) do
  local values = {}
  for field, value in pairs(fields) do
    values[#values + 1] = field
    values[#values + 1] = value
  end
  in_pieces('HSET', KEYS[key], values)
end

-- A guard of another epoch counts as none; a guard that is passed by either part must be judged.
local of_this_epoch = epoch .. ':'
local function passed(guard, quiet_level, level)
  if not guard or string.sub(guard, 1, #of_this_epoch) ~= of_this_epoch then
    return true
  end
  local middle = string.find(guard, ':', #of_this_epoch + 1, true)
  local low, high = string.sub(guard, #of_this_epoch + 1, middle - 1), string.sub(guard, middle + 1)
  if low ~= '' and (less(level, low) or less(quiet_level, low)) then
    return true
  end
  return high ~= '' and not (less(level, high) and less(quiet_level, high))
end

-- Whether a partition of the same topics is more than an hour behind these records: its own may ask for what is old.
local lagging = nil
local function lags()
  if lagging ~= nil then
    return lagging
  end
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
  lagging = false
  for _, time in pairs(reached) do
    lagging = lagging or (time > 0 and time < here - HOUR_OF_MICROSECONDS)
  end
  return lagging
end

-- Counters of periods long closed go when the next one of their meter comes: absolute expiry, never by the clock. Where
-- a partition lags, they stay until the one after. What this call moves (`moving`: fields and keys) stays.
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
  for _, place in ipairs(forgotten ~= '' and forgotten or NOTHING) do
    if not moving[place] then
      redis.call('DEL', KEYS[place])
    end
  end
end

-- What this batch moves of an account: its counters, and the keys of members and shares.
local function moving_of(account)
  local moving, moves = {}, account[4]
  for move = 1, #moves, MOVE do
    moving[counter_of(moves[move], moves[move + 1])] = true
    if moves[move + 2] == 's' then
      local members = moves[move + 3] ~= '' and moves[move + 3] or moves[move + 4]
      moving[members[1]], moving[members[2]] = true, true
    end
  end
  for _, share in ipairs(account[8] or NOTHING) do
    moving[share[1]] = true
  end
  return moving
end

-- Facts of an account under its next numbers; { marked, written } of those that have some, by index.
local ledgers = {}
local function fact(index, body)
  local ledger = ledgers[index]
  if not ledger then
    local stood = redis.call('HMGET', KEYS[accounts[index][2]], 'j', 'q')
    ledger = { tonumber(stood[1] or '0'), tonumber(stood[2] or '0') }
    ledgers[index] = ledger
  end
  ledger[2] = ledger[2] + 1
  redis.call('HSET', pending, pending_field(ledger[2], accounts[index][1]), cmsgpack.pack(body))
end

-- Write a new profile; every counter that stands is judged again under it, but for those with moves, which report
-- themselves.
local function change_profile(index, key, change, moving, kept_hours, sets, drops)
  local before = redis.call('GET', KEYS[change[1]]) or ''
  fact(index, { 'c', nonce, epoch, before, change[3], change[4], change[5] })
  if change[2] == '' then
    redis.call('DEL', KEYS[change[1]])
    drops[#drops + 1] = 'v'
  else
    redis.call('SET', KEYS[change[1]], change[3])
    sets[#sets + 1] = 'v'
    sets[#sets + 1] = change[2]
  end
  if kept_hours then
    drops[#drops + 1] = 'H'
    for place = 7, #change do
      redis.call('DEL', KEYS[change[place]])
    end
  end
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
    if number and not moving[fields[place]] then
      local estimated = stands['o' .. fields[place]] == 'sketch' and 1 or 0
      fact(index, { 'm', nonce, epoch, by_number[number], suffix, fields[place + 1], '0', '0', change[4], change[5],
                    estimated })
    elseif string.find(fields[place], '^g%d') then
      drops[#drops + 1] = fields[place]
    end
  end
end

-- What `H` says once these hour buckets are written.
local function hours_kept(stood, hours)
  local first_day, last_day = string.match(stood or '', '|(%d+)|(%d+)$')
  for hour = 1, #hours, HOUR do
    local day = hours[hour + 1]
    first_day = math.min(tonumber(first_day or day), day)
    last_day = math.max(tonumber(last_day or day), day)
  end
  return nonce .. '|' .. first_day .. '|' .. last_day
end

local evidences = nil
local function evidence_of(move)
  evidences = evidences or cmsgpack.unpack(ARGV[2])
  return evidences[move]
end

local reports, moved = {}, 0
for index, account in ipairs(accounts) do
  local key, moves, hours, change = KEYS[account[2]], account[4], account[6] or NOTHING, account[7] or NOTHING
  local fields, values, course = asked[index], kept[index], courses[index]
  local sets, drops, written, moving, place = {}, {}, 0, nil, 2

  -- The profile first: the facts after it are judged under it.
  if #change > 0 then
    moving = moving_of(account)
    change_profile(index, key, change, moving, values[#fields], sets, drops)
    written = #sets
  end

  for move = 1, #moves, MOVE do
    local counter, at = fields[place], (move - 1) / MOVE * COURSE
    local stood, quieted, level, order = course[at + 1], course[at + 3], course[at + 4], course[at + 5]
    local before, estimated = stood or '0', 0
    moved = moved + 1
    place = place + (moves[move + 2] == 'l' and 3 or 2)
    if not stood and moves[move + 7] > 0 then
      moving = moving or moving_of(account)
      drop_before(key, numbers[moves[move]], moves[move + 7], moves[move + 8], moving, drops)
    end
    if moves[move + 2] == 's' then
      quieted, estimated = seen(before, moves[move + 3], 0)
      level, estimated = seen(quieted, moves[move + 4], estimated)
      order = estimated == 1 and 'sketch'
    end
    sets[written + 1], sets[written + 2], written = counter, level, written + 2
    if order then
      sets[written + 1], sets[written + 2], written = 'o' .. counter, order, written + 2
    end
    if moves[move + 5] == 1 and passed(#change == 0 and course[at + 2], quieted, level) then
      fact(index, { 'm', nonce, epoch, names[moves[move]], moves[move + 1], before, difference(quieted, before),
                    difference(level, quieted), evidence_of(moved), moves[move + 6], estimated })
      drops[#drops + 1] = 'g' .. counter
    end
  end

  local notes = account[10] or NOTHING
  for note = 1, #notes, NOTE do
    if notes[note + 2] then
      redis.call('SET', KEYS[notes[note]], string.format('%.0f|', notes[note + 1] + 1) .. notes[note + 2])
    end
  end
  for _, signal in ipairs(account[11] or NOTHING) do
    fact(index, { 'f', nonce, epoch, signal })
  end
  local look = account[12] or NOTHING
  if #look > 0 then
    redis.call('ZADD', KEYS[look[1]], look[3], look[2])
  end

  if #hours > 0 then
    sets[#sets + 1] = 'H'
    sets[#sets + 1] = hours_kept(values[#fields], hours)
  end
  local ledger = ledgers[index]
  if ledger then
    sets[#sets + 1] = 'q'
    sets[#sets + 1] = ledger[2]
  end
  if #drops > 0 then
    in_pieces('HDEL', key, drops)
  end
  if #sets > 0 then
    in_pieces('HSET', key, sets)
  end
  if ledger then
    reports[#reports + 1] = unmarked(pending, names_key, key, account[1], ledger[1], ledger[2])
  end
end

-- A field that is not there costs a look at all: only what changes is asked for.
local sets, fields, added = {}, {}, {}
for index, range in ipairs(ranges) do
  sets[2 * index - 1], sets[2 * index] = range[1], range[3]
  for place, what in ipairs(TOLD) do
    local told = range[3 + place]
    if told > 0 then
      fields[#fields + 1] = range[1] .. what
      added[#fields] = told
    end
  end
end
for place, stood in ipairs(#fields > 0 and fields_of(watermarks, fields) or NOTHING) do
  stood = tonumber(stood or '0')
  local told = string.sub(fields[place], -1) == 't' and math.max(stood, added[place]) or stood + added[place]
  sets[#sets + 1] = fields[place]
  sets[#sets + 1] = string.format('%.0f', told)
end
if #sets > 0 then
  in_pieces('HSET', watermarks, sets)
end

return { 'ok', reports, full_slices }
