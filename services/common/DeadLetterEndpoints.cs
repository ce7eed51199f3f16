using Dapr;
using Dapr.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;

namespace DaprShop.Common;

/// <summary>How dead letters come to a service that subscribes to anything, and how staff get at them, by way of web.</summary>
public static class DeadLetterEndpoints
{
    private const int MaxEvents = 100;

    /// <summary>Subscribes to <c>{service}.dead-letters</c> and serves <c>/internal/dead-letters</c>.</summary>
    public static void MapDeadLetters(this WebApplication app)
    {
        var topic = DeadLetters.Topic(app.Services.GetRequiredService<ServiceName>());
        app.MapPost($"/events/{topic}", KeepAsync)
            .WithTopic(new TopicOptions { PubsubName = Publishing.PubSub, Name = topic })
            // In bulk, because then the envelope, which says what topic the event was of, comes along.
            .WithBulkSubscribe(new BulkSubscribeTopicOptions { TopicName = topic, MaxMessagesCount = MaxEvents, MaxAwaitDurationMs = 100 });

        app.MapGet("/internal/dead-letters", ListAsync);
        app.MapGet("/internal/dead-letters/letters", ReadAsync);
        app.MapPost("/internal/dead-letters/{id}/replay", ReplayAsync).Refuses(404);

        app.Lifetime.ApplicationStarted.Register(app.Services.GetRequiredService<DeadLetters>().Begin);
    }

    private static async Task<Ok<BulkOutcome>> KeepAsync(BulkDelivery delivery, DeadLetters letters, CancellationToken cancellation)
    {
        await letters.KeepAsync(delivery.Entries, cancellation);
        return TypedResults.Ok(new BulkOutcome([.. delivery.Entries.Select(entry => new EntryOutcome(entry.EntryId, "SUCCESS"))]));
    }

    private static async Task<Ok<IReadOnlyList<DeadLetterEntry>>> ListAsync(DeadLetters letters, CancellationToken cancellation) =>
        TypedResults.Ok(await letters.ListAsync(cancellation));

    private static async Task<Ok<IReadOnlyList<DeadLetter>>> ReadAsync(string ids, DeadLetters letters, CancellationToken cancellation) =>
        TypedResults.Ok(await letters.ReadAsync(ids.Split(','), cancellation));

    private static async Task<Results<Ok<ReplayReply>, Problem>> ReplayAsync(string id, DeadLetters letters, CancellationToken cancellation) =>
        await letters.ReplayAsync(id, cancellation) is { } reply
            ? TypedResults.Ok(reply)
            : Problem.NotFound("There is no such dead letter.");
}
