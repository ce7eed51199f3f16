using System.Globalization;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Actors;
using DaprShop.Local.State;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Microsoft.Extensions.Primitives;

namespace DaprShop.Local.Grpc;

/// <summary>Actors over gRPC.</summary>
public sealed partial class DaprGrpc
{
    internal async Task<InvokeActorResponse> InvokeActor(InvokeActorRequest request, ServerCallContext context)
    {
        var trace = context.RequestHeaders.Where(header => header.Key is "traceparent" or "tracestate");
        var headers = request.Metadata.Select(header => (header.Key, header.Value)).Concat(trace.Select(header => (header.Key, header.Value)))
            .Select(header => KeyValuePair.Create(header.Key, new StringValues(header.Value))).ToArray();
        var contentType = request.Metadata.GetValueOrDefault("content-type");
        var actor = new ActorRef(request.ActorType, request.ActorId);
        var call = new ActorCall(actor, request.Method, "", request.Data.Memory, contentType, headers);
        var answer = await actors.Calls.InvokeAsync(SidecarOf(context), call, context.CancellationToken);
        return new InvokeActorResponse { Data = UnsafeByteOperations.UnsafeWrap(answer.Body) };
    }

    internal async Task<GetActorStateResponse> GetActorState(GetActorStateRequest request, ServerCallContext context)
    {
        var actor = new ActorRef(request.ActorType, request.ActorId);
        var item = await actors.State.GetAsync(SidecarOf(context), actor, request.Key, context.CancellationToken);
        var response = new GetActorStateResponse();
        if (item is null) return response;
        response.Data = UnsafeByteOperations.UnsafeWrap(item.Value);
        if (item.ExpiresAt is { } expires) response.Metadata[StateTime.Name] = StateTime.Format(expires);
        return response;
    }

    internal async Task<Empty> ExecuteActorStateTransaction(ExecuteActorStateTransactionRequest request, ServerCallContext context)
    {
        var changes = request.Operations.Select(operation => new StateChange(
            operation.OperationType, operation.Key, operation.Value?.Value.Memory ?? default,
            HasTtl: operation.Metadata.ContainsKey("ttlInSeconds"))).ToArray();
        await actors.State.TransactAsync(
            SidecarOf(context), new ActorRef(request.ActorType, request.ActorId), changes, context.CancellationToken);
        return new Empty();
    }

    internal async Task<Empty> RegisterActorReminder(RegisterActorReminderRequest request, ServerCallContext context)
    {
        if (request.Name.Length == 0) throw ActorErrors.BadRequest("reminder name cannot be empty");
        var body = new ScheduleBody
        {
            DueTime = request.DueTime,
            Period = request.Period,
            Ttl = request.Ttl,
            Overwrite = request.HasOverwrite ? request.Overwrite : null,
            FailurePolicy = ToBody(request.FailurePolicy),
        };
        var actor = new ActorRef(request.ActorType, request.ActorId);
        await actors.Reminders.RegisterAsync(
            SidecarOf(context), actor, request.Name, body, AsJson(request.Data), context.CancellationToken);
        return new Empty();
    }

    internal async Task<Empty> UnregisterActorReminder(UnregisterActorReminderRequest request, ServerCallContext context)
    {
        await actors.Reminders.UnregisterAsync(
            SidecarOf(context), new ActorRef(request.ActorType, request.ActorId), request.Name, context.CancellationToken);
        return new Empty();
    }

    internal async Task<GetActorReminderResponse> GetActorReminder(GetActorReminderRequest request, ServerCallContext context)
    {
        var reminder = await actors.Reminders.GetAsync(
            SidecarOf(context), new ActorRef(request.ActorType, request.ActorId), request.Name, context.CancellationToken);
        var response = new GetActorReminderResponse { ActorType = request.ActorType, ActorId = request.ActorId };
        if (reminder.DueTime is { } dueTime) response.DueTime = dueTime;
        if (reminder.PeriodText is { } period) response.Period = period;
        if (reminder.TtlTime is { } ttl) response.Ttl = ttl;
        if (reminder.Data is { } data) response.Data = Any.Pack(new BytesValue { Value = ByteString.CopyFrom(data) });
        return response;
    }

    internal async Task<Empty> RegisterActorTimer(RegisterActorTimerRequest request, ServerCallContext context)
    {
        var body = new ScheduleBody { DueTime = request.DueTime, Period = request.Period, Ttl = request.Ttl, Callback = request.Callback };
        var actor = new ActorRef(request.ActorType, request.ActorId);
        await actors.Timers.RegisterAsync(
            SidecarOf(context), actor, request.Name, body, AsJson(request.Data), context.CancellationToken);
        return new Empty();
    }

    internal Task<Empty> UnregisterActorTimer(UnregisterActorTimerRequest request, ServerCallContext context)
    {
        actors.Timers.Unregister(SidecarOf(context), new ActorRef(request.ActorType, request.ActorId), request.Name);
        return Task.FromResult(new Empty());
    }

    /// <summary>Bytes are a base64 string to the callback, which always speaks JSON.</summary>
    private static byte[]? AsJson(ByteString data) =>
        data.IsEmpty ? null : JsonSerializer.SerializeToUtf8Bytes(Convert.ToBase64String(data.Span));

    private static FailurePolicyBody? ToBody(JobFailurePolicy? policy) => policy?.PolicyCase switch
    {
        JobFailurePolicy.PolicyOneofCase.Drop => new FailurePolicyBody(Drop: default(JsonElement), Constant: null),
        JobFailurePolicy.PolicyOneofCase.Constant => new FailurePolicyBody(null, new ConstantPolicyBody(
            policy.Constant.Interval is { } interval
                ? interval.ToTimeSpan().TotalSeconds.ToString("0.#######", CultureInfo.InvariantCulture) + "s"
                : null,
            policy.Constant.HasMaxRetries ? (int)Math.Min(policy.Constant.MaxRetries, int.MaxValue) : null)),
        _ => null,
    };
}

public sealed partial class DaprGrpcMethods
{
    private static void AddActors(ServiceMethodProviderContext<DaprGrpc> context)
    {
        Unary<InvokeActorRequest, InvokeActorResponse>(context, "InvokeActor", (dapr, request, call) => dapr.InvokeActor(request, call));
        Unary<GetActorStateRequest, GetActorStateResponse>(
            context, "GetActorState", (dapr, request, call) => dapr.GetActorState(request, call));
        Unary<ExecuteActorStateTransactionRequest, Empty>(
            context, "ExecuteActorStateTransaction", (dapr, request, call) => dapr.ExecuteActorStateTransaction(request, call));
        Unary<RegisterActorReminderRequest, Empty>(
            context, "RegisterActorReminder", (dapr, request, call) => dapr.RegisterActorReminder(request, call));
        Unary<UnregisterActorReminderRequest, Empty>(
            context, "UnregisterActorReminder", (dapr, request, call) => dapr.UnregisterActorReminder(request, call));
        Unary<GetActorReminderRequest, GetActorReminderResponse>(
            context, "GetActorReminder", (dapr, request, call) => dapr.GetActorReminder(request, call));
        Unary<RegisterActorTimerRequest, Empty>(
            context, "RegisterActorTimer", (dapr, request, call) => dapr.RegisterActorTimer(request, call));
        Unary<UnregisterActorTimerRequest, Empty>(
            context, "UnregisterActorTimer", (dapr, request, call) => dapr.UnregisterActorTimer(request, call));
    }
}
