-- Sends the requests of the file BENCH_LOAD in turn, checks status and body of every answer.
-- The file returns two tables: a list of raw requests, and a set of right bodies.
dofile(os.getenv("BENCH_COUNTED"))
local requests, answers = dofile(os.getenv("BENCH_LOAD"))
local turn = 0

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
