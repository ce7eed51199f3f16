using DaprShop.Local.Errors;
using DaprShop.Local.PubSub;

namespace DaprShop.Local.Faults;

/// <summary>What an app asks of its sidecar meets its faults here, before the building blocks see it.</summary>
internal static class FaultySidecar
{
    /// <summary>Registers nothing when there is no plan.</summary>
    public static void UseFaults(this WebApplication app, FaultPlan? plan)
    {
        if (plan is null) return;
        app.Use(async (context, next) =>
        {
            if (await SidecarRequest.CallOfAsync(context, plan) is { } call)
            {
                if (await MeetsAsync(call, FaultMoment.Before, context, plan)) return;
                // The answer begins once all is done.
                context.Response.OnStarting(() => MeetsAsync(call, FaultMoment.After, context, plan));
            }
            await next(context);
        });
    }

    /// <summary>True when that was the end of the request.</summary>
    private static async Task<bool> MeetsAsync(SidecarCall call, FaultMoment when, HttpContext context, FaultPlan plan)
    {
        try
        {
            if (await plan.MeetAsync(call, when, context.RequestAborted) is not { } fault) return false;
            await RefuseAsync(context, call, fault);
        }
        catch (Exception error) when (error is ConnectionBroken or OperationCanceledException)
        {
            context.Abort();
        }
        return true;
    }

    private static Task RefuseAsync(HttpContext context, SidecarCall call, Fault fault)
    {
        const string reason = "a fault was injected";
        // As daprd tells that the broker is away.
        if (call.Entries is { } entries) return PublishEndpoints.FailAsync(context.Response, fault.Status, reason, entries);
        if (!SidecarRequest.IsGrpc(context.Request))
            return new DaprError(fault.Status, "ERR_FAULT", global::Grpc.Core.StatusCode.Internal, reason).WriteAsync(context.Response);
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = ((int)global::Grpc.Core.StatusCode.Internal).ToString();
        context.Response.Headers["grpc-message"] = reason;
        return Task.CompletedTask;
    }
}
