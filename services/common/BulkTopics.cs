using System.Text.Json;
using Dapr;
using Dapr.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DaprShop.Common;

/// <summary>Subscriptions that take many events in one delivery (Dapr bulk subscribe), for effects that are cheaper together.</summary>
public static class BulkTopics
{
    private const int MaxEvents = 100;

    /// <summary>Subscribes to <paramref name="topic"/> at <c>POST /events/{topic}</c>, with the service's dead-letter topic.</summary>
    /// <param name="app">The service.</param>
    /// <param name="topic">One of the contracts' topics.</param>
    /// <param name="patience">How long the sidecar gathers events.</param>
    /// <param name="handle">
    /// Takes the events in effect and answers those to be delivered again. When it throws, all are. An event that cannot be read is
    /// delivered again on its own account, until it ends as a dead letter, and holds up no other.
    /// </param>
    public static void MapBulkTopic<T>(
        this WebApplication app, string topic, TimeSpan patience,
        Func<IReadOnlyList<T>, CancellationToken, Task<IReadOnlyCollection<T>>> handle)
        where T : class
    {
        var service = app.Services.GetRequiredService<ServiceName>().Value;
        var json = app.Services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(BulkTopics));
        app.MapPost($"/events/{topic}", DeliverAsync)
            .WithTopic(new TopicOptions { PubsubName = Publishing.PubSub, Name = topic, DeadLetterTopic = $"{service}.dead-letters" })
            .WithBulkSubscribe(new BulkSubscribeTopicOptions
            {
                TopicName = topic,
                MaxMessagesCount = MaxEvents,
                MaxAwaitDurationMs = (int)patience.TotalMilliseconds,
            });

        async Task<Ok<BulkOutcome>> DeliverAsync(BulkDelivery delivery, CancellationToken cancellation)
        {
            var entries = delivery.Entries.Select(entry => (entry.EntryId, Data: Read(entry))).ToList();
            var readable = entries.Select(entry => entry.Data).OfType<T>().ToList();
            var again = readable.Count == 0 ? [] : await handle(readable, cancellation);
            return TypedResults.Ok(new BulkOutcome([.. entries.Select(entry =>
                new EntryOutcome(entry.EntryId, entry.Data is null || again.Contains(entry.Data) ? "RETRY" : "SUCCESS"))]));
        }

        T? Read(BulkEntry entry)
        {
            try
            {
                return entry.Event.TryGetProperty("data", out var data) ? data.Deserialize<T>(json) : null;
            }
            catch (Exception error) when (error is JsonException or InvalidOperationException)
            {
                logger.LogWarning("An event of {Topic} cannot be read: {Reason}", topic, error.Message);
                return null;
            }
        }
    }
}

/// <summary>The body of a bulk delivery, as far as it is of use.</summary>
public sealed record BulkDelivery(IReadOnlyList<BulkEntry> Entries);

/// <param name="Event">A CloudEvent.</param>
public sealed record BulkEntry(string EntryId, JsonElement Event);

/// <summary>The answer to a bulk delivery.</summary>
public sealed record BulkOutcome(IReadOnlyList<EntryOutcome> Statuses);

/// <param name="Status"><c>SUCCESS</c> or <c>RETRY</c>.</param>
public sealed record EntryOutcome(string EntryId, string Status);
