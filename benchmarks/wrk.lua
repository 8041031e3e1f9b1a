-- Sends the requests of the file BENCH_LOAD in turn, checks status and body of every answer.
-- The file returns two tables: a list of raw requests, and a set of right bodies.
local requests, answers = dofile(os.getenv("BENCH_LOAD"))
local threads = {}
local turn = 0
wrong = 0
sample = ""

function setup(thread)
  table.insert(threads, thread)
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function response(status, headers, body)
  if status ~= 200 or not answers[body] then
    wrong = wrong + 1
    sample = status .. " " .. string.sub(body, 1, 300)
  end
end

function done(summary, latency)
  local counted, last = 0, ""
  for _, thread in ipairs(threads) do
    counted = counted + thread:get("wrong")
    last = thread:get("sample")
  end
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  if counted + broken > 0 then
    io.write(string.format(
      "\nconnect %d, read %d, write %d, timeout %d, last wrong answer: %s\n",
      errors.connect, errors.read, errors.write, errors.timeout, last))
  end
  io.write(string.format(
    '{"requests": %d, "seconds": %.6f, "wrong": %d, "broken": %d, "p50_us": %d, "p99_us": %d}\n',
    summary.requests, summary.duration / 1e6, counted, broken,
    latency:percentile(50), latency:percentile(99)))
end
