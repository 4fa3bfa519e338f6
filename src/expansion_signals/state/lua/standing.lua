-- Whether a shard's watermarks stand where a worker believes (needs numbers.lua).
--
-- `believed` is { {partition, offset or '', ...}, ... }. Returns nil where all do; otherwise 'gap' (one stands below:
-- something was lost) or 'behind' (all that differ stand above), and what they are: { partition, offset or '', ... }.
local function displaced(watermarks, believed)
  local finding, offsets = nil, {}
  for _, asked in ipairs(believed) do
    local offset = redis.call('HGET', watermarks, asked[1])
    offsets[#offsets + 1] = asked[1]
    offsets[#offsets + 1] = offset or ''
    if offset ~= (asked[2] ~= '' and asked[2]) then
      if not offset or (asked[2] ~= '' and less(offset, asked[2])) then
        finding = 'gap'
      else
        finding = finding or 'behind'
      end
    end
  end
  return finding, offsets
end
