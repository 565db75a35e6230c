-- Health of a ModelBundle, from the conditions that its operator writes. Needs no open libraries.
--
-- Degraded ends a sync that is under way, and Progressing keeps it waiting for as long as it lasts: a sync of another
-- commit, the one with the cure, cannot start before it ends. So what only a person can mend is Degraded as soon as that
-- is certain: Stalled, whatever the kubelet cannot start, and a container that has failed twice. What time alone may
-- heal is Progressing: starting, waiting for room, waiting for a base, a container's first failure.

local WAITS = {Progressing = true, WaitingForCapacity = true, BaseNotFound = true, BaseNotResolved = true}

local function health(status, message)
  return {status = status, message = message}
end

local function conditions(status)
  local found = {}
  for _, condition in ipairs(status.conditions or {}) do
    found[condition.type] = condition
  end
  return found
end

local function words(condition)
  return (condition.reason or "Unknown") .. ": " .. (condition.message or "")
end

-- one run of a container ended badly, and it has had no second chance yet
local function failed_once(status)
  local last = status.lastFailure
  return last ~= nil and last.exitCode ~= nil and (last.count or 1) < 2
end

if obj.metadata.deletionTimestamp ~= nil then
  return health("Progressing", "Pending deletion")
end

local status = obj.status or {}
if status.observedGeneration ~= obj.metadata.generation then
  return health("Progressing", "The operator has not seen this version of the bundle yet.")
end

local is = conditions(status)
local ready, reconciling, stalled, same = is.Ready, is.Reconciling, is.Stalled, is.Reproducible

if stalled ~= nil and stalled.status == "True" then
  return health("Degraded", words(stalled))
end
if reconciling ~= nil and reconciling.status == "True" then
  if WAITS[reconciling.reason] or failed_once(status) then
    return health("Progressing", words(reconciling))
  end
  return health("Degraded", words(reconciling))
end
if ready == nil or ready.status ~= "True" then
  return health("Progressing", ready and words(ready) or "The operator has not judged the bundle yet.")
end
if same ~= nil and same.status == "False" then
  return health("Healthy", (ready.message or "") .. " But " .. words(same))
end
return health("Healthy", ready.message)
