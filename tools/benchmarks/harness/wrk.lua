-- One request, sent again and again; every answer's status, length and text are looked at.
-- Arguments: method, path, the body's file, what an answer must have in it, its length (or -1), then name=value headers.
local threads = {}
wrong, example = 0, ""

function setup(thread)
   table.insert(threads, thread)
end

function init(args)
   wrk.method, wrk.path = args[1], args[2]
   if args[3] ~= "" then
      local file = assert(io.open(args[3], "rb"))
      wrk.body = file:read("*a")
      file:close()
   end
   needle, length = args[4], tonumber(args[5])
   for i = 6, #args do
      local name, value = args[i]:match("^([^=]+)=(.*)$")
      wrk.headers[name] = value
   end
   sent = wrk.format()
end

function request()
   return sent
end

function response(status, headers, body)
   if status ~= 200 or (length >= 0 and #body ~= length) or not body:find(needle, 1, true) then
      wrong = wrong + 1
      example = status .. " " .. body:sub(1, 300)
   end
end

function done(summary, latency, requests)
   local wrongs, text = 0, ""
   for _, thread in ipairs(threads) do
      wrongs = wrongs + thread:get("wrong")
      if thread:get("example") ~= "" then text = thread:get("example") end
   end
   local e = summary.errors
   io.write(string.format("\nresult %d %d %.1f %.1f %d %d %s\n", summary.requests, summary.duration,
      latency:percentile(50), latency:percentile(99), wrongs, e.connect + e.read + e.write + e.timeout,
      (text:gsub("%s+", " "))))
end
