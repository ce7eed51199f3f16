using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using DaprShop.Local.Resiliency;
using DaprShop.Local.Tracing;
using Polly;

namespace DaprShop.Local.Actors;

/// <summary>Brings calls to actors: finds where the actor lives, waits for its turn, calls its app.</summary>
internal sealed class ActorCalls(ActorPlacement placement, ActorApp app, ResiliencyPolicies resiliency, Tracers tracers)
{
    /// <summary>A call that an app makes through its sidecar.</summary>
    /// <exception cref="DaprError">As daprd answers it.</exception>
    public async Task<ActorAnswer> InvokeAsync(Sidecar caller, ActorCall call, CancellationToken cancellation)
    {
        ActorNames.Check(call.Actor);
        ActorNames.Check(call.Method);
        // While an app is unwell, what it asks of actors waits: daprd's actor runtime begins anew when it is well.
        if (caller is { HealthCheck: not null, App.IsListening: true }) await placement.OfAsync(caller, cancellation);
        var policies = resiliency.For(caller.AppId);
        var policy = policies.Actor(call.Actor.Type, call.Actor.Id).BeforeTurn;
        try
        {
            return policy is null
                ? await CallAsync(caller, call, policies, cancellation)
                : await policy.ExecuteAsync(
                    static async (state, cancel) => await state.Self.CallAsync(state.Caller, state.Call, state.Policies, cancel),
                    (Self: this, Caller: caller, Call: call, Policies: policies), cancellation);
        }
        catch (Exception error) when (error is HttpRequestException or ExecutionRejectedException)
        {
            throw ActorErrors.Invoke(error.Message);
        }
    }

    /// <summary>A reminder or timer of the actor fires. Null when no app hosts the actor now.</summary>
    /// <exception cref="DaprError">The callback failed.</exception>
    /// <exception cref="HttpRequestException">The app cannot be reached.</exception>
    public async Task<ActorAnswer?> FireAsync(ActorRef actor, string method, ReadOnlyMemory<byte> body)
    {
        var call = new ActorCall(actor, method, "", body, "application/json", []);
        return await placement.FindAsync(actor) is { } host ? await TakeTurnAsync(host, call, CancellationToken.None) : null;
    }

    /// <summary>
    /// Without a policy of its own, a type that nobody hosts yet is looked for a few times more, as in daprd; but not for an app that is
    /// being stopped, which would have to wait for that.
    /// </summary>
    private async Task<ActorAnswer> CallAsync(Sidecar caller, ActorCall call, AppResiliency policies, CancellationToken cancellation)
    {
        var host = await placement.FindAsync(call.Actor);
        if (host is null && !policies.HasActor(call.Actor.Type))
            host = await LookAgainAsync(call.Actor, policies, caller.AppStopping, cancellation);
        if (host is null) throw ActorErrors.NoAddress(call.Actor);
        return host.Sidecar != caller && tracers.Of(host.Sidecar) is { } tracer
            ? await TakeTracedTurnAsync(host, call, tracer, cancellation)
            : await TakeTurnAsync(host, call, cancellation);
    }

    /// <summary>The sidecar of the app that the actor lives in sees the call come.</summary>
    private async Task<ActorAnswer> TakeTracedTurnAsync(ActorHost host, ActorCall call, SidecarTracer tracer, CancellationToken cancellation)
    {
        IHeaderDictionary headers = new HeaderDictionary();
        foreach (var (name, values) in call.Headers) headers[name] = values;
        using var span = tracer.CallActor(call, headers.TraceParent, headers.TraceState);
        if (span is not null) headers.TraceParent = span.Id;
        try
        {
            return await TakeTurnAsync(host, call with { Headers = headers }, cancellation);
        }
        catch (Exception error) when (error is DaprError or HttpRequestException)
        {
            span.Fail(error.Message);
            throw;
        }
    }

    private async Task<ActorHost> LookAgainAsync(
        ActorRef actor, AppResiliency policies, CancellationToken stopping, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellation);
        try
        {
            return await policies.ActorNotFound.ExecuteAsync(
                static async (state, _) => await state.Placement.FindAsync(state.Actor) ?? throw ActorErrors.NoAddress(state.Actor),
                (Placement: placement, Actor: actor), either.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            throw ActorErrors.NoAddress(actor);
        }
    }

    private async Task<ActorAnswer> TakeTurnAsync(ActorHost host, ActorCall call, CancellationToken cancellation)
    {
        var type = host.Types[call.Actor.Type];
        var flow = type.IsReentrant ? FlowOf(call) ?? Guid.NewGuid().ToString() : null;
        while (true)
        {
            var active = host.Get(call.Actor);
            if (await active.EnterAsync(flow, cancellation))
            {
                try
                {
                    if (placement.IsAt(call.Actor, host))
                    {
                        var policy = resiliency.For(host.Sidecar.AppId).Actor(call.Actor.Type, call.Actor.Id);
                        return await app.CallAsync(host.Sidecar, call, flow ?? FlowOf(call), policy.Turn);
                    }
                }
                finally
                {
                    active.Leave();
                }
            }
            host = await placement.FindAsync(call.Actor) ?? throw ActorErrors.NoAddress(call.Actor);
        }
    }

    private static string? FlowOf(ActorCall call)
    {
        if (call.Headers is IHeaderDictionary headers)
            return headers[ActorApp.ReentrancyHeader] is [{ Length: > 0 } first, ..] ? first : null;
        foreach (var (name, values) in call.Headers)
            if (name.Equals(ActorApp.ReentrancyHeader, StringComparison.OrdinalIgnoreCase) && values is [{ Length: > 0 } id, ..]) return id;
        return null;
    }
}
