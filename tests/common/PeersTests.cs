using System.Net;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace DaprShop.Common.Tests;

/// <summary>Two services, one of which calls the other: through the sidecars, and straight, where it is told the other's address.</summary>
public sealed class PeersTests
{
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromSeconds(0.5);

    [Theory]
    [InlineData(false, "basket")]
    [InlineData(true, "no sidecar")]
    public async Task A_peer_lets_a_call_in_whichever_way_it_comes(bool direct, string calledBy)
    {
        await using var shop = await StartAsync(direct);
        Assert.Equal(calledBy, await shop.Client("basket").GetStringAsync("/ask?path=internal/caller"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await shop.Client("payment").GetAsync("/internal/caller")).StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_peer_that_begins_to_answer_and_does_not_end_is_unavailable_when_the_time_is_up(bool direct)
    {
        await using var shop = await StartAsync(direct);
        var answer = await shop.Client("basket").GetAsync("/order");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_peer_cannot_send_the_token_elsewhere(bool direct)
    {
        await using var shop = await StartAsync(direct);
        Assert.Equal("302", await shop.Client("basket").GetStringAsync("/ask?path=internal/elsewhere"));
    }

    private static Task<ShopHost> StartAsync(bool direct) => ShopHost.StartAsync(shop =>
    {
        if (direct) shop.Direct();
        shop.Service("basket", (arguments, _) => Create("basket", arguments, Caller))
            .Service("payment", (arguments, _) => Create("payment", arguments, Callee));
    });

    private static void Caller(WebApplication app)
    {
        app.MapGet("/ask", async (string path, Peers peers) =>
        {
            using var client = peers.Client("payment", TimeSpan.FromMinutes(1));
            using var answer = await client.GetAsync(path);
            return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync() : $"{(int)answer.StatusCode}";
        });
        app.MapGet("/order", (Payments payments, CancellationToken cancellation) => payments.Peer.GetAsync<string>("internal/endless", cancellation));
    }

    private static void Callee(WebApplication app)
    {
        app.MapGet("/internal/caller", (HttpRequest request) => request.Headers["dapr-caller-app-id"] is [{ } caller] ? caller : "no sidecar");
        app.MapGet("/internal/elsewhere", () => Results.Redirect("/internal/caller"));
        app.MapGet("/internal/endless", async (HttpResponse response, CancellationToken cancellation) =>
        {
            await response.WriteAsync("\"", cancellation);
            await response.Body.FlushAsync(cancellation);
            await Task.Delay(Timeout.Infinite, cancellation);
        });
    }

    private static WebApplication Create(string appId, string[] arguments, Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder(arguments);
        builder.AddShopDefaults(appId);
        builder.Services.AddPeer<Payments>("payment", s_timeLimit);
        var app = builder.Build();
        app.UseShopDefaults();
        map(app);
        return app;
    }

    private sealed class Payments(Peer peer)
    {
        public Peer Peer { get; } = peer;
    }
}
