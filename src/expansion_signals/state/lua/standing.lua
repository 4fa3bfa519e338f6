-- Whether a shard's watermarks stand where a worker believes (needs numbers.lua and pieces.lua).
--
-- `believed` is { {partition, offset or '', ...}, ... }; element `reserved_at`, where it is not '', names what must still
-- be reserved there. `stands` are the offsets there, where they have been read with something else. Returns nil where all
-- do; otherwise 'gap' (one stands below, or what was reserved is gone: something was lost) or 'behind' (all that differ
-- stand above), and what they are: { partition, offset or '', ... }.
local function displaced(watermarks, believed, reserved_at, stands)
  if not stands then
    local fields = {}
    for place, asked in ipairs(believed) do
      fields[place] = asked[1]
    end
    stands = #fields > 0 and fields_of(watermarks, fields)
  end
  local finding = nil
  for place, asked in ipairs(believed) do
    local offset, expected, reserved = stands[place], asked[2], asked[reserved_at]
    if reserved ~= '' and redis.call('HGET', watermarks, asked[1] .. '|r') ~= reserved then
      finding = 'gap'
    end
    if offset ~= (expected ~= '' and expected) then
      if not offset or (expected ~= '' and less(offset, expected)) then
        finding = 'gap'
      else
        finding = finding or 'behind'
      end
    end
  end
  if not finding then
    return nil
  end
  local offsets = {}
  for place, asked in ipairs(believed) do
    offsets[2 * place - 1], offsets[2 * place] = asked[1], stands[place] or ''
  end
  return finding, offsets
end
