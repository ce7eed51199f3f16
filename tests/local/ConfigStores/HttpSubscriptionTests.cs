using System.Collections.Concurrent;
using System.Text.Json;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace DaprShop.Local.Tests.ConfigStores;

/// <summary>Subscriptions over HTTP, which no stream holds.</summary>
public sealed class HttpSubscriptionTests
{
    private const string Component = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: config }
        spec: { type: configuration.redis, version: v1 }
        """;

    [Fact]
    public async Task They_end_with_the_life_of_the_app()
    {
        var told = new ConcurrentBag<string>();
        await using var shop = await ShopHost.StartAsync(shop => shop
            .Resources(Component)
            .Fake("app", app => app.MapPost("/configuration/config/{key}", async (HttpRequest request) =>
            {
                using var change = await JsonDocument.ParseAsync(request.Body);
                told.Add(change.RootElement.GetProperty("id").GetString()!);
            })));
        var former = await SubscribeAsync(shop);
        await shop.RestartAsync("app");
        var present = await SubscribeAsync(shop);

        var file = Directory.CreateDirectory(Path.Combine(shop.DataDirectory, "configuration")).FullName + "/config.json";
        await File.WriteAllTextAsync(file, """{"colour":"red"}""");
        await ShopHost.EventuallyAsync(() => Task.FromResult(told.Contains(present)));

        Assert.Equal([present], told);
        using var ended = await shop.DaprHttp("app").GetAsync($"v1.0/configuration/config/{former}/unsubscribe");
        Assert.Equal(500, (int)ended.StatusCode);
    }

    private static async Task<string> SubscribeAsync(ShopHost shop)
    {
        using var answer = JsonDocument.Parse(await shop.DaprHttp("app").GetStringAsync("v1.0/configuration/config/subscribe"));
        return answer.RootElement.GetProperty("id").GetString()!;
    }
}
