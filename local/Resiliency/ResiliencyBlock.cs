using System.Collections.Concurrent;
using DaprShop.Local.Configuration;
using DaprShop.Local.Hosting;
using DaprShop.Local.Invocation;
using Polly;

namespace DaprShop.Local.Resiliency;

internal static class ResiliencyBlock
{
    public static void AddResiliency(this IServiceCollection services)
    {
        services.AddSingleton(provider => new ResiliencyPolicies(
            ResiliencySpec.Load(provider.GetRequiredService<Resources>().Folders), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IInvocationResiliency, InvocationResiliency>();
    }
}

/// <summary>Policies around calls from app to app; who has none calls straight.</summary>
internal sealed class InvocationResiliency(ResiliencyPolicies policies) : IInvocationResiliency
{
    private readonly ConcurrentDictionary<(Sidecar Caller, Sidecar Callee), HttpMessageInvoker> _invokers = new();

    public HttpMessageInvoker Between(Sidecar caller, Sidecar callee) =>
        _invokers.GetOrAdd((caller, callee), static (pair, policies) => Between(pair.Callee, policies.For(pair.Caller.AppId)), policies);

    public ResiliencePipeline? PolicyBetween(Sidecar caller, Sidecar callee) => PolicyOf(callee, policies.For(caller.AppId));

    private static ResiliencePipeline? PolicyOf(Sidecar callee, AppResiliency policies) =>
        policies.App(callee.AppId, $"{callee.Replica}");

    private static HttpMessageInvoker Between(Sidecar callee, AppResiliency policies) =>
        PolicyOf(callee, policies) is { } policy
            ? new ResilientInvoker(callee.App.Http, policy, policies.RetriesApp(callee.AppId))
            : callee.App.Http;
}
