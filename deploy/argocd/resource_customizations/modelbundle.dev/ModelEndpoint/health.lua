-- Health of a ModelEndpoint, from the conditions that its operator writes. Needs no open libraries.
--
-- A move is Progressing until it is reported, so with PruneLast=true Argo CD keeps the former bundle for as long as it
-- answers a connection. Waiting for a bundle is Progressing too: if that bundle has failed, it is Degraded itself.

local function health(status, message)
  return {status = status, message = message}
end

local function words(condition)
  return (condition.reason or "Unknown") .. ": " .. (condition.message or "")
end

if obj.metadata.deletionTimestamp ~= nil then
  return health("Progressing", "Pending deletion")
end

local status = obj.status or {}
if status.observedGeneration ~= obj.metadata.generation then
  return health("Progressing", "The operator has not seen this version of the endpoint yet.")
end

local is = {}
for _, condition in ipairs(status.conditions or {}) do
  is[condition.type] = condition
end

if is.Stalled ~= nil and is.Stalled.status == "True" then
  return health("Degraded", words(is.Stalled))
end
if is.Reconciling ~= nil and is.Reconciling.status == "True" then
  if is.Reconciling.reason == "NameConflict" or is.Reconciling.reason == "ApplyRefused" then
    return health("Degraded", words(is.Reconciling))
  end
  return health("Progressing", words(is.Reconciling))
end
if is.Ready == nil or is.Ready.status ~= "True" then
  return health("Progressing", is.Ready and words(is.Ready) or "The operator has not judged the endpoint yet.")
end
return health("Healthy", is.Ready.message)
