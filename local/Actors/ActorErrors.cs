using DaprShop.Local.Errors;
using Grpc.Core;

namespace DaprShop.Local.Actors;

/// <summary>What daprd answers when something is wrong with an actor call (dapr/dapr <c>pkg/messages/predefined.go</c>).</summary>
internal static class ActorErrors
{
    public static DaprError BadRequest(string what) =>
        new(400, "ERR_BAD_REQUEST", StatusCode.InvalidArgument, $"invalid request: {what}");

    public static DaprError Malformed(string what) =>
        new(400, "ERR_MALFORMED_REQUEST", StatusCode.InvalidArgument, $"failed deserializing HTTP body: {what}");

    public static DaprError Reserved(string actorType) => new(403, "ERR_ACTOR_TYPE_RESERVED", StatusCode.PermissionDenied,
        $"actor type \"{actorType}\" is reserved for the Dapr workflow runtime; direct actor API access is not permitted");

    public static DaprError NoStateStore() => new(500, "ERR_ACTOR_RUNTIME_NOT_FOUND", StatusCode.Internal,
        "the state store is not configured to use the actor runtime. "
        + "Have you set the - name: actorStateStore value: \"true\" in your state store component file?");

    public static DaprError InstanceMissing() => new(400, "ERR_ACTOR_INSTANCE_MISSING", StatusCode.Internal, "actor instance is missing");

    public static DaprError Invoke(string why) =>
        new(500, "ERR_ACTOR_INVOKE_METHOD", StatusCode.Internal, $"error invoke actor method: {why}");

    public static DaprError NoAddress(ActorRef actor) => new(500, "ERR_ACTOR_INVOKE_METHOD", StatusCode.FailedPrecondition,
        "error invoke actor method: failed to lookup actor: api error: "
        + $"code = FailedPrecondition desc = did not find address for actor '{actor}'");

    public static DaprError StackTooDeep() =>
        new(500, "ERR_ACTOR_STACK_DEPTH", StatusCode.ResourceExhausted, "maximum stack depth exceeded");

    public static DaprError StateGet(string why) =>
        new(500, "ERR_ACTOR_STATE_GET", StatusCode.Internal, $"error getting actor state: {why}");

    public static DaprError StateSave(string why) =>
        new(500, "ERR_ACTOR_STATE_TRANSACTION_SAVE", StatusCode.Internal, $"error saving actor transaction state: {why}");

    public static DaprError ReminderNotHosted() => new(403, "ERR_ACTOR_REMINDER_NON_HOSTED", StatusCode.PermissionDenied,
        "operations on actor reminders are only possible on hosted actor types");

    public static DaprError ReminderCreate(string why) =>
        new(500, "ERR_ACTOR_REMINDER_CREATE", StatusCode.Internal, $"error creating actor reminder: {why}");

    public static DaprError ReminderDelete(string why) =>
        new(500, "ERR_ACTOR_REMINDER_DELETE", StatusCode.Internal, $"error deleting actor reminder: {why}");

    public static DaprError ReminderExists(string name) =>
        new(409, "ERR_ACTOR_REMINDER_ALREADY_EXISTS", StatusCode.AlreadyExists, $"actor reminder already exists: {name}");

    public static DaprError ReminderNotFound(string name) =>
        new(404, "ERR_ACTOR_REMINDER_NOT_FOUND", StatusCode.NotFound, $"actor reminder not found: {name}");

    public static DaprError TimerCreate(string why) =>
        new(500, "ERR_ACTOR_TIMER_CREATE", StatusCode.Internal, $"error creating actor timer: {why}");
}
