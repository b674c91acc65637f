-- wrk posts the file $BODY; the figures come out as one line of JSON, times in microseconds.
local file = assert(io.open(os.getenv("BODY"), "rb"))
wrk.method = os.getenv("METHOD") or "POST"
wrk.body = file:read("*a")
wrk.headers["Content-Type"] = "application/json"
file:close()

function done(summary, latency)
  local failed = summary.errors
  local lost = failed.connect + failed.read + failed.write + failed.timeout
  io.write(string.format('{"requests": %d, "duration": %d, "p50": %d, "p99": %d, "refused": %d, "lost": %d}\n', summary.requests,
    summary.duration, latency:percentile(50), latency:percentile(99), failed.status, lost))
end
