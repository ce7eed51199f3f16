using System.Text.Json;
using Dapr.Client;
using DaprShop.Common;
using DaprShop.Contracts;
using DaprShop.Testing;

namespace DaprShop.Notification.Tests;

/// <summary>What a service cannot take is kept, with its envelope, whatever it is; told here on one service for all of them.</summary>
public sealed class DeadLetterTests(NotificationHost host) : IClassFixture<NotificationHost>
{
    private DaprClient Dapr => host.Shop.Dapr("notification");

    [Fact]
    public async Task A_dead_letter_is_kept_once_however_often_it_comes()
    {
        var id = $"order-{Guid.NewGuid()}-3";
        for (var copies = 0; copies < 3; copies++)
            await host.Shop.PublishAsync("notification.dead-letters", new { nonsense = true }, id);
        await ShopHost.EventuallyAsync(async () => (await IndexAsync()).Contains(id), "the dead letter in the store");

        Assert.Single(await IndexAsync(), known => known == id);
        var letter = await Dapr.GetStateAsync<JsonElement>("notification-store", DeadLetters.Key(id));
        Assert.True(letter.GetProperty("event").GetProperty("data").GetProperty("nonsense").GetBoolean());
    }

    [Fact]
    public async Task Every_subscription_names_a_dead_letter_topic_that_is_listened_to()
    {
        using var app = host.Shop.SidecarClient("notification");
        var subscriptions = JsonDocument.Parse(await app.GetStringAsync("/dapr/subscribe")).RootElement.EnumerateArray().ToList();
        var topics = subscriptions.Select(subscription => subscription.GetProperty("topic").GetString()!).ToList();

        Assert.Contains(Topics.OrdersConfirmed, topics);
        Assert.Contains("notification.dead-letters", topics);
        foreach (var subscription in subscriptions.Where(subscription => !subscription.GetProperty("topic").GetString()!.EndsWith("dead-letters")))
            Assert.Equal("notification.dead-letters", subscription.GetProperty("deadLetterTopic").GetString());
    }

    private async Task<string[]> IndexAsync() =>
        await Dapr.GetStateAsync<string[]?>("notification-store", DeadLetters.IndexKey) ?? [];
}
