-- Sends the requests of a file in turn, over and over, and prints in the end what came of it.
-- Each line is a method, a path, an entity tag for If-None-Match and a body, with tabs between;
-- an empty tag or body is not sent. A "#" in a body becomes a number that no other request has.

local requests = {}
local sent = 0

local function read(line)
   local method, path, tag, body = line:match("^(%S+)\t(%S+)\t([^\t]*)\t(.*)$")
   local headers = {}
   if tag ~= "" then
      headers["If-None-Match"] = tag
   end
   if body == "" then
      return wrk.format(method, path, headers)
   end
   headers["Content-Type"] = "application/json"
   if not body:find("#", 1, true) then
      return wrk.format(method, path, headers, body)
   end
   return function()
      return wrk.format(method, path, headers, (body:gsub("#", tostring(sent))))
   end
end

function init(args)
   for line in io.lines(args[1]) do
      requests[#requests + 1] = read(line)
   end
end

function request()
   local next = requests[sent % #requests + 1]
   sent = sent + 1
   if type(next) == "function" then
      return next()
   end
   return next
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      '{"requests": %d, "duration_us": %d, "refused": %d, "broken": %d,'
         .. ' "p50_us": %d, "p95_us": %d, "p99_us": %d}\n',
      summary.requests, summary.duration, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50), latency:percentile(95), latency:percentile(99)
   ))
end
