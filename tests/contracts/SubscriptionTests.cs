using System.Text.Json;
using DaprShop.Common;
using DaprShop.Web;

namespace DaprShop.Contracts.Tests;

/// <summary>What the services say of themselves when their sidecars ask what they listen to.</summary>
public class SubscriptionTests
{
    [Fact]
    public async Task Every_subscription_has_a_dead_letter_topic_that_its_service_keeps_and_staff_see()
    {
        var subscriptions = (await Task.WhenAll(Services.Names.Select(async service => (await Services.SubscriptionsOfAsync(service)).Select(
            subscription => (Service: service, Topic: Text(subscription, "topic"), DeadLetters: Text(subscription, "deadLetterTopic"))))))
            .SelectMany(ofOne => ofOne).ToList();

        var business = subscriptions.Where(subscription => !subscription.Topic!.EndsWith(".dead-letters", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(business);
        Assert.All(business, subscription => Assert.Equal($"{subscription.Service}.dead-letters", subscription.DeadLetters));
        var keepers = subscriptions.Except(business).ToList();
        Assert.All(keepers, keeper => Assert.Equal($"{keeper.Service}.dead-letters", keeper.Topic));
        Assert.Equal(business.Select(subscription => subscription.Service).Distinct().Order(), keepers.Select(keeper => keeper.Service).Order());
        Assert.Equal(keepers.Select(keeper => keeper.Service).Order(), DeadLetterDesk.Services.Order());
    }

    [Fact]
    public async Task Services_listen_to_known_topics_and_each_of_them_can_be_replayed()
    {
        var known = EventSchemaTests.TopicConstants().ToHashSet();
        foreach (var service in Services.Names)
        {
            var topics = (await Services.SubscriptionsOfAsync(service)).Select(subscription => Text(subscription, "topic")!)
                .Where(topic => topic != $"{service}.dead-letters").ToList();
            Assert.Subset(known, topics.ToHashSet());
            await using var app = Services.Create(service);
            var handlers = (TopicHandlers)app.Services.GetService(typeof(TopicHandlers))!;
            Assert.All(topics, topic => Assert.NotNull(handlers.Find(topic)));
        }
    }

    private static string? Text(JsonElement subscription, string name) =>
        subscription.TryGetProperty(name, out var value) ? value.GetString() : null;
}
