-- Sends writes, none twice, and checks every answer. The file BENCH_LOAD returns the requests in
-- parts, and of what a mark is made: a series and so many digits. A request with a revision is
-- about a row that exists: it is asked with the revision that its last answer had, and not before
-- that has come.
dofile(os.getenv("BENCH_COUNTED"))
local requests, series, digits = dofile(os.getenv("BENCH_LOAD"))
local turn, made = 0, 0
local waiting = {}
local pattern = series .. string.rep("%d", digits)
local format = series .. "%0" .. digits .. "d"

local function next_parts()
  for _ = 1, #requests do
    turn = turn % #requests + 1
    if not requests[turn].waits then
      break
    end
  end
  return requests[turn]
end

function request()
  local parts = next_parts()
  made = made + 1
  local mark = string.format(format, made)
  waiting[mark] = parts
  if parts.revision then
    parts.waits = true
    return parts[1] .. parts.revision .. parts[2] .. mark .. parts[3]
  end
  return parts[1] .. mark .. parts[2]
end

-- An answer is right once: it has the mark of a request that waits, and the revision due to it.
local function is_right(status, body)
  local mark = string.match(body, pattern)
  local revision = tonumber(string.match(body, '"revision": ?(%d+)'))
  local parts = mark and waiting[mark]
  if not parts or (status ~= 200 and status ~= 201) then
    return false
  end
  waiting[mark] = nil
  parts.waits = false
  if not parts.revision then
    return revision == 1
  end
  parts.revision = parts.revision + 1
  return revision == parts.revision
end

function response(status, headers, body)
  if not is_right(status, body) then
    wrong = wrong + 1
    sample = status .. " " .. string.sub(body, 1, 300)
  end
end
