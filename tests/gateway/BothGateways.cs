using System.Net;
using DaprShop.Local.Gateway;
using DaprShop.Local.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.RateLimiting;

namespace DaprShop.Gateway.Tests;

/// <summary>Starts the gateway that most tests of a class share.</summary>
public sealed class SharedGateway : IAsyncDisposable
{
    private Task<GatewayUnderTest>? _started;

    public Task<GatewayUnderTest> StartAsync(string kind) => _started ??= GatewayUnderTest.StartAsync(kind);

    public async ValueTask DisposeAsync()
    {
        if (_started is not null) await (await _started).DisposeAsync();
    }
}

public sealed class BuiltInGatewayTests(SharedGateway shared) : GatewayTests(shared, "builtin")
{
    private static readonly GatewayRules s_rules = GatewayRules.Read(GatewayUnderTest.RulesPath);

    protected override Task<bool> CountAsOneAsync(string client, string other)
    {
        var options = new RateLimiterOptions();
        options.LimitByAddress(s_rules, new GatewayLimits { StrictPerMinute = 1, StrictBurst = 0 });
        Assert.True(options.GlobalLimiter!.AttemptAcquire(SignIn(client)).IsAcquired);
        return Task.FromResult(!options.GlobalLimiter!.AttemptAcquire(SignIn(other)).IsAcquired);
    }

    private static DefaultHttpContext SignIn(string client)
    {
        var context = new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse(client) }, Request = { Method = "POST" } };
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = "/sign-in";
        PublicRequest.Read(context, s_rules);
        return context;
    }
}

public sealed class NginxGatewayTests(SharedGateway shared) : GatewayTests(shared, "nginx")
{
    protected override async Task<bool> CountAsOneAsync(string client, string other)
    {
        await using var nginx = await IngressNginx.StartAsync(
            FreePorts.Take(), ("zone=strict burst=20 nodelay", "zone=strict"), ("rate=30r/m", "rate=1r/m"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await SignInAsync(client));
        return await SignInAsync(other) == HttpStatusCode.TooManyRequests;

        async Task<HttpStatusCode> SignInAsync(string from)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/sign-in") { Headers = { { "X-Forwarded-For", from } } };
            using var response = await nginx.Client.SendAsync(request);
            return response.StatusCode;
        }
    }
}
