-- Whole numbers of up to 64 bit as decimal strings. Lua's own numbers are doubles: exact to 2^53 only.
-- A number is split into billions and rest, both with its sign, and each part is exact.

local BILLION = 1000000000
local SAFE_LENGTH = 15 -- ten digits to the fifteenth and their sums stay below 2^53
local LONG = 2147483648 -- what a C long holds everywhere

-- A whole number below 2^53 as text: '%d' takes half of what '%.0f' does.
local function text_of(number)
  return string.format(number < LONG and number > -LONG and '%d' or '%.0f', number)
end

local function split(text)
  local sign, digits = 1, text
  if string.sub(text, 1, 1) == '-' then
    sign, digits = -1, string.sub(text, 2)
  end
  if #digits <= 9 then
    return 0, sign * tonumber(digits)
  end
  return sign * tonumber(string.sub(digits, 1, -10)), sign * tonumber(string.sub(digits, -9))
end

local function add(a, b)
  if #a <= SAFE_LENGTH and #b <= SAFE_LENGTH then
    return text_of(a + b)
  end
  local a_high, a_low = split(a)
  local b_high, b_low = split(b)
  local carry = math.floor((a_low + b_low) / BILLION)
  local high, low = a_high + b_high + carry, a_low + b_low - carry * BILLION
  if high < 0 and low > 0 then
    high, low = high + 1, low - BILLION
  end
  if high == 0 then
    return text_of(low)
  end
  return string.format('%.0f%09.0f', high, math.abs(low))
end

-- a - b
local function difference(a, b)
  if b == '0' then
    return a
  end
  return add(a, string.sub(b, 1, 1) == '-' and string.sub(b, 2) or '-' .. b)
end

local function less(a, b)
  if #a <= SAFE_LENGTH and #b <= SAFE_LENGTH then
    return a - b < 0
  end
  local a_high, a_low = split(a)
  local b_high, b_low = split(b)
  return a_high < b_high or (a_high == b_high and a_low < b_low)
end

-- Whether a counter may stand at this level: at most 2^63 - 1 in size; where it must leave room, below half of that.
local roomy = false
local function fits(text)
  if #text < 19 then
    return true
  end
  local high, low = split(text)
  high, low = math.abs(high), math.abs(low)
  if roomy then
    return high < 4611686018
  end
  return high < 9223372036 or (high == 9223372036 and low <= 854775807)
end
