/**
 * What runs inside Redis (Lua 5.1, `EVALSHA`): each script is one atomic step. Times are those of Redis, so the
 * clocks of gateways need not agree.
 *
 * Keys, all under one hash tag: `e` the epoch; `m` members by when they were last seen; and of each subject `w`
 * its requests and tokens by bucket of 5 s (`r<bucket>`, `t<bucket>`), `d` its tokens of a day by who counted
 * them (a grow-only counter: adding the same twice changes nothing), `c` what each member has under way.
 */

/** Buckets of 5 s that the last 60 s touch, as in window.ts. */
const PRELUDE = `
local t = redis.call('TIME')
local ms = t[1] * 1000 + math.floor(t[2] / 1000)
local b = math.floor(ms / 5000)
local function sums(key)
  local r, k, rb, kb, old = 0, 0, {}, {}, {}
  local h = redis.call('HGETALL', key)
  for j = 1, #h, 2 do
    local n, v = tonumber(string.sub(h[j], 2)), tonumber(h[j + 1])
    if n <= b - 13 then old[#old + 1] = h[j]
    elseif string.sub(h[j], 1, 1) == 'r' then r = r + v; rb[n] = v
    else k = k + v; kb[n] = v end
  end
  if #old > 0 then redis.call('HDEL', key, unpack(old)) end
  return r, k, rb, kb, #h == 0
end
local function newcomer(key, most, ttl)
  local n = redis.call('INCR', key)
  if n == 1 then redis.call('PEXPIRE', key, ttl) end
  return n <= most
end
`;

/**
 * KEYS e m; ARGV run id of Redis, member, random text. Says that a member lives; a Redis that was started anew
 * (another run id) or is empty begins an epoch. Gives epoch, its age in ms, and how many members live.
 */
export const HELLO = `${PRELUDE}
local e = redis.call('GET', KEYS[1])
if not e or string.match(e, '^(%S*) ') ~= ARGV[1] then
  e = ARGV[1] .. ' ' .. string.format('%.0f', ms) .. ' ' .. ARGV[3]
end
redis.call('SET', KEYS[1], e, 'PX', 172800000)
redis.call('ZADD', KEYS[2], ms, ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ms - 10000)
redis.call('PEXPIRE', KEYS[2], 60000)
return { e, ms - tonumber(string.match(e, ' (%d+) ')), redis.call('ZCARD', KEYS[2]) }
`;

/**
 * KEYS e n, then w d c of each subject. ARGV epoch, member, members, most new users a minute, then of each
 * subject: requests a minute, tokens a minute, tokens a day, at once (-1: unlimited), requests wanted, own under
 * way with this one, 1 for an end user. Grants one request of every subject or none; and more at once (a slice)
 * where that leaves 1 - 1 / (2 * members) of what is left to others. Gives
 * `ok bucket msLeft (granted tokensOfDay)…`, `no index limit waitMs`, `full`, or `epoch`.
 */
export const ADMIT = `${PRELUDE}
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return { 'epoch' } end
local function wait(buckets, sum, limit)
  for n = b - 12, b do
    sum = sum - (buckets[n] or 0)
    if sum < limit then return (n + 13) * 5000 - ms end
  end
  return 65000
end
local all, members, count = {}, math.max(1, tonumber(ARGV[3])), (#ARGV - 4) / 7
for i = 1, count do
  local a, k = 4 + (i - 1) * 7, 2 + (i - 1) * 3
  local s = { rpm = tonumber(ARGV[a + 1]), tpm = tonumber(ARGV[a + 2]), tpd = tonumber(ARGV[a + 3]),
    conc = tonumber(ARGV[a + 4]), want = tonumber(ARGV[a + 5]), mine = tonumber(ARGV[a + 6]), day = 0,
    w = KEYS[k + 1], c = KEYS[k + 3] }
  local rb, kb, new
  s.r, s.k, rb, kb, new = sums(s.w)
  if new and ARGV[a + 7] == '1' and not newcomer(KEYS[2], tonumber(ARGV[4]), 60000) then return { 'full' } end
  if s.tpd >= 0 then
    for _, v in ipairs(redis.call('HVALS', KEYS[k + 2])) do s.day = s.day + tonumber(v) end
    if s.day >= s.tpd then return { 'no', i, 'tokensPerDay', 0 } end
  end
  if s.rpm >= 0 and s.r >= s.rpm then return { 'no', i, 'requestsPerMinute', wait(rb, s.r, s.rpm) } end
  if s.tpm >= 0 and s.k >= s.tpm then return { 'no', i, 'tokensPerMinute', wait(kb, s.k, s.tpm) } end
  if s.conc >= 0 then
    local others, h = 0, redis.call('HGETALL', s.c)
    for j = 1, #h, 2 do
      local n, at = string.match(h[j + 1], '^(%d+):(%d+)$')
      if ms - at > 10000 then redis.call('HDEL', s.c, h[j])
      elseif h[j] ~= ARGV[2] then others = others + n end
    end
    if others + s.mine > s.conc then return { 'no', i, 'concurrent', 1000 } end
  end
  all[i] = s
end
local reply = { 'ok', b, (b + 1) * 5000 - ms }
for _, s in ipairs(all) do
  local extra = s.want - 1
  if s.rpm >= 0 then extra = math.min(extra, math.floor((s.rpm - s.r - 1) / (2 * members))) end
  if s.conc >= 0 or (s.tpm >= 0 and s.k * 2 >= s.tpm) or (s.tpd >= 0 and s.day * 2 >= s.tpd) then extra = 0 end
  local granted = 1 + math.max(0, extra)
  redis.call('HINCRBY', s.w, 'r' .. b, granted)
  redis.call('PEXPIRE', s.w, 70000)
  if s.conc >= 0 then
    redis.call('HSET', s.c, ARGV[2], s.mine .. ':' .. string.format('%.0f', ms))
    redis.call('PEXPIRE', s.c, 30000)
  end
  reply[#reply + 1] = granted
  reply[#reply + 1] = string.format('%.0f', s.day)
end
return reply
`;

/**
 * KEYS e n q, then w d of each subject. ARGV epoch, most new users a minute, most users with a day's budget, then
 * a JSON array with one `[end user?, [[age in ms, requests, tokens]…], [[who, tokens of the day]…], ms until the
 * day's key goes]` per subject. Adds what was admitted without asking and what was used.
 */
export const REPORT = `${PRELUDE}
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return { 'epoch' } end
for i, entry in ipairs(cjson.decode(ARGV[4])) do
  local w, d, user = KEYS[2 + i * 2], KEYS[3 + i * 2], entry[1] == 1
  if #entry[2] > 0 then
    if not user or redis.call('EXISTS', w) == 1 or newcomer(KEYS[2], tonumber(ARGV[2]), 60000) then
      for _, used in ipairs(entry[2]) do
        local n = math.floor((ms - used[1]) / 5000)
        if n > b - 13 then
          if used[2] ~= 0 then redis.call('HINCRBY', w, 'r' .. n, used[2]) end
          if used[3] ~= 0 then redis.call('HINCRBY', w, 't' .. n, used[3]) end
        end
      end
      redis.call('PEXPIRE', w, 70000)
    end
  end
  if #entry[3] > 0 then
    if not user or redis.call('EXISTS', d) == 1 or newcomer(KEYS[3], tonumber(ARGV[3]), 86400000) then
      for _, total in ipairs(entry[3]) do
        local known = redis.call('HGET', d, total[1])
        if not known or tonumber(known) < total[2] then
          redis.call('HSET', d, total[1], string.format('%.0f', total[2]))
        end
      end
      redis.call('PEXPIRE', d, entry[4])
    end
  end
end
return { 'ok' }
`;

/** KEYS e, then w of each. ARGV epoch, then bucket and requests of each: takes unused parts of slices back. */
export const GIVE_BACK = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return { 'epoch' } end
for i = 2, #KEYS do
  local field = 'r' .. ARGV[i * 2 - 2]
  if redis.call('HEXISTS', KEYS[i], field) == 1 then redis.call('HINCRBY', KEYS[i], field, -ARGV[i * 2 - 1]) end
end
return { 'ok' }
`;

/** KEYS c of each. ARGV member, then what it has under way of each: kept alive, or taken off when 0. */
export const HOLD = `${PRELUDE}
for i = 1, #KEYS do
  if ARGV[i + 1] == '0' then redis.call('HDEL', KEYS[i], ARGV[1])
  else
    redis.call('HSET', KEYS[i], ARGV[1], ARGV[i + 1] .. ':' .. string.format('%.0f', ms))
    redis.call('PEXPIRE', KEYS[i], 30000)
  end
end
return { 'ok' }
`;
