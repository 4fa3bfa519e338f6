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
local state_fields = { 'format', 'epoch' }
for slice = 1, #slices, 3 do
  state_fields[#state_fields + 1] = 'i' .. slices[slice]
end
local stands = redis.call('HMGET', state, unpack(state_fields))
if not stands[1] then
  return { 'lost' }
end
local epoch_before = tonumber(stands[2] or '0')
if epoch_before > epoch then
  return { 'epoch', tostring(epoch_before) }
end

-- 2. Every range starts where its partition's watermark stands.
-- What is told of them stands beside it; a field that is not there costs a look at all: only what changes is asked for.
local told_fields, added = {}, {}
for index, range in ipairs(ranges) do
  told_fields[index] = range[1]
end
for _, range in ipairs(ranges) do
  for place, what in ipairs(TOLD) do
    local told = range[3 + place]
    if told > 0 then
      told_fields[#told_fields + 1] = range[1] .. what
      added[#told_fields] = told
    end
  end
end
local told_before = #ranges > 0 and fields_of(watermarks, told_fields)
local finding, offsets = displaced(watermarks, ranges, 9, told_before)
if finding then
  return { finding, offsets }
end

-- 3. Names have numbers; new ones are written with everything else.
local numbers, new_names = NOTHING, {}
if #names > 0 then
  numbers = redis.call('HMGET', names_key, unpack(names))
  local last = nil
  for index, name in ipairs(names) do
    if not numbers[index] then
      last = (last or redis.call('HLEN', names_key)) + 1
      numbers[index] = tostring(last)
      new_names[#new_names + 1] = name
      new_names[#new_names + 1] = numbers[index]
    end
  end
end

-- The field of a counter, and by it that of its guard: accounts share their periods, so each is made once.
local counters, guards = {}, {}
local function counter_of(name, suffix)
  local of = counters[suffix]
  if not of then
    of = {}
    counters[suffix] = of
  end
  local counter = of[name]
  if not counter then
    counter = numbers[name] .. ':' .. suffix
    of[name], guards[counter] = counter, 'g' .. counter
  end
  return counter
end

-- 4. Every account has the profile that was assumed. One read brings all that its moves need: for each the level, the
-- guard of one that is watched, the order of a latest level; at last what hour buckets are kept, where that matters.
local fields, kept, others = { 'v' }, {}, {}
for index = 1, #accounts do
  local account = accounts[index]
  local moves, hours, change, last = account[4], account[6], account[7], 1
  for move = 1, #moves, MOVE do
    local counter = counter_of(moves[move], moves[move + 1])
    fields[last + 1], last = counter, last + 1
    if moves[move + 5] == 1 then
      fields[last + 1], last = guards[counter], last + 1
    end
    if moves[move + 2] == 'l' then
      fields[last + 1], last = 'o' .. counter, last + 1
    end
  end
  local changes = change and #change > 0
  if changes or hours and #hours > 0 then
    fields[last + 1], last = 'H', last + 1
  end
  local values = fields_of(KEYS[account[2]], fields, last)
  kept[index] = values
  local differs = (values[1] or '') ~= account[3]
  if changes then
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
local layouts, same = {}, true
for slice = 1, #slices, 3 do
  local layout = stands[3 + #layouts / 2] or ''
  layouts[#layouts + 1] = slices[slice]
  layouts[#layouts + 1] = layout
  same = same and (layout == slices[slice + 1] or layout == slices[slice + 2])
end
if not same then
  return { 'layout', layouts }
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
  local hits = redis.call('SMISMEMBER', KEYS[groups[group]], unpack(bunch, 2))
  for place = 1, #hits do
    if hits[place] == 1 then
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
local full, written_shares, hour_buckets, members, by_day, crowded = {}, {}, {}, {}, {}, {}

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

-- The day buckets after the batch, field by value; and of each month the key, where its buckets begin there, and end.
local day_buckets, months, filled = {}, {}, 0
local month_fields = {}
local function change_month(account, month)
  local key, first, count = KEYS[month[1]], filled + 1, 0
  for day = 2, #month, DAY do
    count = count + 1
    month_fields[count] = bucket_of(month[day], month[day + 1])
  end
  local before = fields_of(key, month_fields, count)
  for place = 1, count do
    local day, stood = DAY * place - DAY + 2, before[place] or nil
    local value = bucket_after(month[day + 2], stood, month[day + 3])
    if month[day + 2] == 'a' and not fits(value) then
      refuse(account, month[day], 'd' .. month[day + 4], stood)
    end
    day_buckets[filled + 1], day_buckets[filled + 2], filled = month_fields[place], value, filled + 2
  end
  local last = #months
  months[last + 1], months[last + 2], months[last + 3] = key, first, filled
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

-- What becomes of each move, in the order of all: the level after the quiet part and after both, and the order of a
-- latest level.
local quieteds, levels, orders, moved = {}, {}, {}, 0
for index = 1, #accounts do
  local account = accounts[index]
  local moves, hours, shares, days = account[4], account[6] or NOTHING, account[8] or NOTHING, account[9] or NOTHING
  local values, place = kept[index], 2
  for move = 1, #moves, MOVE do
    local operation, quiet, firing = moves[move + 2], moves[move + 3], moves[move + 4]
    local before = values[place]
    moved = moved + 1
    place = place + 1 + moves[move + 5]
    if operation == 'l' then
      local order = values[place] or nil
      place = place + 1
      quiet, order = latest(quiet, order)
      firing, order = latest(firing, order)
      orders[moved] = order
    elseif operation == 'b' then
      quiet = baseline(quiet, numbers[moves[move]])
    end
    local quieted = changed(operation, before, quiet)
    local level = changed(operation, quieted, firing)
    if level and not fits(level) then
      refuse(account[1], moves[move], 'c' .. moves[move + 1], before)
    end
    quieteds[moved], levels[moved] = quieted or '0', level or '0'
  end
  for month = 1, #account[5] do
    change_month(account[1], account[5][month])
  end
  for hour = 1, #hours, HOUR do
    change_hour(account[1], hours[hour], hours[hour + 2], hours[hour + 3], hours[hour + 4], hours[hour + 5],
                hours[hour + 6])
  end
  for share = 1, #shares do
    local after, unfit = shared(shares[share])
    written_shares[#written_shares + 1] = after
    for place = 1, #unfit, 2 do
      refuse(account[1], shares[share][2], unfit[place], unfit[place + 1])
    end
  end
  for meter = 1, #days do
    local plan, newest = seen_by_day(days[meter])
    if plan then
      by_day[#by_day + 1] = days[meter]
      by_day[#by_day + 1] = plan
    else
      crowded[#crowded + 1] = account[1]
      crowded[#crowded + 1] = names[days[meter][2]]
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
for month = 1, #months, 3 do
  in_pieces('HSET', months[month], day_buckets, months[month + 1], months[month + 2])
end
for _, hash in ipairs(written_shares) do
  in_pieces('HSET', hash[1], hash, 2)
end
for days = 1, #by_day, 2 do
  write_seen(by_day[days], by_day[days + 1])
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
local guard_of_this_epoch = '^' .. epoch .. ':([^:]*):(.*)$'
local function passed(guard, quiet_level, level)
  local low, high = string.match(guard or '', guard_of_this_epoch)
  if not low then
    return true
  end
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
-- themselves. Returns how much of `sets` that fills.
local function change_profile(index, key, change, moving, kept_hours, sets, drops)
  local set = 0
  local before = redis.call('GET', KEYS[change[1]]) or ''
  fact(index, { 'c', nonce, epoch, before, change[3], change[4], change[5] })
  if change[2] == '' then
    redis.call('DEL', KEYS[change[1]])
    drops[#drops + 1] = 'v'
  else
    redis.call('SET', KEYS[change[1]], change[3])
    sets[1], sets[2], set = 'v', change[2], 2
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
  return set
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

-- `sets` is filled anew by each account up to `set`, `drops` once it was used.
local reports, sets, drops = {}, {}, {}
moved = 0
for index = 1, #accounts do
  local account = accounts[index]
  local key, moves, hours, change = KEYS[account[2]], account[4], account[6] or NOTHING, account[7] or NOTHING
  local values, set, moving, place = kept[index], 0, nil, 2

  -- The profile first: the facts after it are judged under it.
  if #change > 0 then
    moving = moving_of(account)
    set = change_profile(index, key, change, moving, values[#values], sets, drops)
  end

  for move = 1, #moves, MOVE do
    moved = moved + 1
    local counter, watched = counter_of(moves[move], moves[move + 1]), moves[move + 5]
    local stood, quieted, level, order = values[place], quieteds[moved], levels[moved], orders[moved]
    local before, guard, estimated = stood or '0', watched == 1 and values[place + 1], 0
    place = place + 1 + watched + (moves[move + 2] == 'l' and 1 or 0)
    if not stood and moves[move + 7] > 0 then
      moving = moving or moving_of(account)
      drop_before(key, numbers[moves[move]], moves[move + 7], moves[move + 8], moving, drops)
    end
    if moves[move + 2] == 's' then
      quieted, estimated = seen(before, moves[move + 3], 0)
      level, estimated = seen(quieted, moves[move + 4], estimated)
      order = estimated == 1 and 'sketch'
    end
    sets[set + 1], sets[set + 2], set = counter, level, set + 2
    if order then
      sets[set + 1], sets[set + 2], set = 'o' .. counter, order, set + 2
    end
    if watched == 1 and passed(#change == 0 and guard, quieted, level) then
      fact(index, { 'm', nonce, epoch, names[moves[move]], moves[move + 1], before, difference(quieted, before),
                    difference(level, quieted), evidence_of(moved), moves[move + 6], estimated })
      drops[#drops + 1] = guards[counter]
    end
  end

  local notes, found, look = account[10] or NOTHING, account[11] or NOTHING, account[12] or NOTHING
  for note = 1, #notes, NOTE do
    if notes[note + 2] then
      redis.call('SET', KEYS[notes[note]], string.format('%.0f|', notes[note + 1] + 1) .. notes[note + 2])
    end
  end
  for signal = 1, #found do
    fact(index, { 'f', nonce, epoch, found[signal] })
  end
  if #look > 0 then
    redis.call('ZADD', KEYS[look[1]], look[3], look[2])
  end

  if #hours > 0 then
    sets[set + 1], sets[set + 2], set = 'H', hours_kept(values[#values], hours), set + 2
  end
  local ledger = ledgers[index]
  if ledger then
    sets[set + 1], sets[set + 2], set = 'q', ledger[2], set + 2
  end
  if #drops > 0 then
    in_pieces('HDEL', key, drops)
    drops = {}
  end
  in_pieces('HSET', key, sets, 1, set)
  if ledger then
    reports[#reports + 1] = unmarked(pending, names_key, key, account[1], ledger[1], ledger[2])
  end
end

local told = {}
for index, range in ipairs(ranges) do
  told[2 * index - 1], told[2 * index] = range[1], range[3]
end
for place = #ranges + 1, #told_fields do
  local field, stood = told_fields[place], tonumber(told_before[place] or '0')
  told[2 * place - 1] = field
  told[2 * place] = text_of(string.sub(field, -1) == 't' and math.max(stood, added[place]) or stood + added[place])
end
in_pieces('HSET', watermarks, told)

return { 'ok', reports, full_slices }
