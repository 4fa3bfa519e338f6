-- Mark facts as judged and their signals as acknowledged; set what detection decided.
--
-- KEYS  1 m  2 n (names)  3 pending  then for each account its a key and its p key
-- ARGV  1 packed: { {account, marked, number, nonce, marks, guards}, ... }, in the order of the keys
--   marks   { meter, suffix, {chunk, ...}, ... }   each chunk at most 64 bytes, the last one shorter
--   guards  { meter, suffix, "epoch:low:high", ... }
-- An account is marked only if its last mark is `marked` and its fact `number` carries `nonce`: a late zombie, or one
-- that judged what a roll-back of Redis took away, changes nothing.
--
-- Answers { {facts of an account..., profile or ''}, ... }: the accounts where something is left to be judged. In a shard
-- that is lost nothing is.

local names_key, pending = KEYS[2], KEYS[3]
local left = {}
if redis.call('HEXISTS', KEYS[1], 'format') == 0 then
  return left
end

for index, mark in ipairs(cmsgpack.unpack(ARGV[1])) do
  local account, marked, number, nonce, marks, guards = mark[1], mark[2], mark[3], mark[4], mark[5], mark[6]
  local key, profile_key = KEYS[2 + 2 * index], KEYS[3 + 2 * index]
  local values = redis.call('HMGET', key, 'q', 'j')
  local written, marked_here = tonumber(values[1] or '0'), tonumber(values[2] or '0')
  local packed = redis.call('HGET', pending, pending_field(number, account))

  if marked_here == marked and packed and cmsgpack.unpack(packed)[2] == nonce then
    local waiting = {}
    for later = number + 1, written do
      local fact = redis.call('HGET', pending, pending_field(later, account))
      if fact then
        fact = cmsgpack.unpack(fact)
        if fact[1] == 'm' then
          waiting[fact[4] .. ':' .. fact[5]] = true
        elseif fact[1] == 'c' then
          -- The profile changed since: no guard that was computed under the old one may stand.
          waiting['*'] = true
        end
      end
    end
    local sets, drops, done = { 'j', number }, {}, {}
    for place = 1, #marks, 3 do
      local counter = redis.call('HGET', names_key, marks[place]) .. ':' .. marks[place + 1]
      local chunks = marks[place + 2]
      for chunk, text in ipairs(chunks) do
        sets[#sets + 1] = 'k' .. counter .. (chunk > 1 and '~' .. (chunk - 1) or '')
        sets[#sets + 1] = text
      end
      local beyond = #chunks
      while redis.call('HEXISTS', key, 'k' .. counter .. '~' .. beyond) == 1 do
        drops[#drops + 1] = 'k' .. counter .. '~' .. beyond
        beyond = beyond + 1
      end
    end
    for place = 1, #guards, 3 do
      if not waiting['*'] and not waiting[guards[place] .. ':' .. guards[place + 1]] then
        sets[#sets + 1] = 'g' .. redis.call('HGET', names_key, guards[place]) .. ':' .. guards[place + 1]
        sets[#sets + 1] = guards[place + 2]
      end
    end
    for judged = marked + 1, number do
      done[#done + 1] = pending_field(judged, account)
    end
    redis.call('HSET', key, unpack(sets))
    if #drops > 0 then
      redis.call('HDEL', key, unpack(drops))
    end
    redis.call('HDEL', pending, unpack(done))
  elseif written > marked_here then
    local facts = unmarked(pending, names_key, key, account, marked_here, written)
    facts[5] = redis.call('GET', profile_key) or ''
    left[#left + 1] = facts
  end
end

return left
