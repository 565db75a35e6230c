-- Health of an Application, for an app of apps: Argo CD has none of its own since 1.8, and without one a sync wave of
-- Applications does not wait for the one before.

local health = (obj.status or {}).health or {}

if obj.metadata.deletionTimestamp ~= nil then
  return {status = "Progressing", message = "Pending deletion"}
end
if health.status == nil then
  return {status = "Progressing", message = "Argo CD has not looked at this Application yet."}
end
return {status = health.status, message = health.message or ""}
