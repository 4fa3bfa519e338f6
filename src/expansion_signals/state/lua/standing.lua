-- Whether a shard's watermarks stand where a worker believes (needs numbers.lua and pieces.lua).
--
-- `believed` is { {partition, offset or '', ...}, ... }; element `reserved_at`, where it is not '', names what must still
-- be reserved there. Returns nil where all do; otherwise 'gap' (one stands below, or what was reserved is gone: something
-- was lost) or 'behind' (all that differ stand above), and what they are: { partition, offset or '', ... }.
local function displaced(watermarks, believed, reserved_at)
  local finding, offsets, fields = nil, {}, {}
  for place, asked in ipairs(believed) do
    fields[place] = asked[1]
  end
  local stands = #fields > 0 and fields_of(watermarks, fields)
  for place, asked in ipairs(believed) do
    local offset = stands[place]
    offsets[#offsets + 1] = asked[1]
    offsets[#offsets + 1] = offset or ''
    local reserved = reserved_at and asked[reserved_at] or ''
    if reserved ~= '' and redis.call('HGET', watermarks, asked[1] .. '|r') ~= reserved then
      finding = 'gap'
    end
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
