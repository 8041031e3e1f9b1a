-- What every script of wrk shares: each thread counts what was wrong, and the sum is printed as JSON.
local threads = {}
wrong = 0
sample = ""

function setup(thread)
  table.insert(threads, thread)
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
