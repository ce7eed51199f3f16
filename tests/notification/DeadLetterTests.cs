using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprShop.Common;
using DaprShop.Local.Resiliency;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace DaprShop.Notification.Tests;

/// <summary>
/// What a service cannot take, told on one for all of them: a service of the shop's own making that listens to <see cref="Topic"/> and is
/// poisoned by what the test says; deliveries are tried <see cref="Tries"/> times.
/// </summary>
public sealed class DeadLetterHost : IAsyncLifetime
{
    public const string Topic = "orders.confirmed";
    public const int Tries = 3;

    private static readonly ResiliencySpec s_quickly = ResiliencySpec.Parse(
        """
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata: { name: quickly }
        spec:
          policies: { retries: { quickly: { policy: constant, duration: 10ms, maxRetries: 2 } } }
          targets: { components: { pubsub: { inbound: { retry: quickly } } } }
        """,
        "test");

    public ShopHost Shop { get; private set; } = null!;

    /// <summary>The service's own, in its present life.</summary>
    public IServiceProvider Services { get; private set; } = null!;

    /// <summary>What took effect, in order.</summary>
    public ConcurrentQueue<string> Taken { get; } = new();

    /// <summary>Parcels the service chokes on.</summary>
    public ConcurrentDictionary<string, bool> Poison { get; } = new();

    /// <summary>How many parcels came in each call of the handler.</summary>
    public ConcurrentQueue<int> Batches { get; } = new();

    public async ValueTask InitializeAsync() => Shop = await ShopHost.StartAsync(shop => shop
        .Service("notification", Create)
        .Runtime(runtime => runtime.AddSingleton(new ResiliencyPolicies([s_quickly], TimeProvider.System))));

    public ValueTask DisposeAsync() => Shop.DisposeAsync();

    private WebApplication Create(string[] args, Action<WebApplicationBuilder>? configure)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.AddShopDefaults("notification");
        configure?.Invoke(builder);
        var app = builder.Build();
        Services = app.Services;
        app.UseShopDefaults();
        app.MapBulkTopic<Parcel>(Topic, TimeSpan.FromMilliseconds(50), TakeAsync);
        app.MapDeadLetters();
        return app;
    }

    private Task<IReadOnlyCollection<Parcel>> TakeAsync(IReadOnlyList<Parcel> parcels, CancellationToken cancellation)
    {
        Batches.Enqueue(parcels.Count);
        if (parcels.FirstOrDefault(parcel => Poison.ContainsKey(parcel.Name)) is { } poison)
            throw new ArgumentException($"{poison.Name} is poison.");
        foreach (var parcel in parcels) Taken.Enqueue(parcel.Name);
        return Task.FromResult<IReadOnlyCollection<Parcel>>([]);
    }

    public sealed record Parcel(string Name);
}

public sealed class DeadLetterTests(DeadLetterHost host) : IClassFixture<DeadLetterHost>
{
    private readonly string _name = $"parcel-{Guid.NewGuid():N}";

    private HttpClient Service => host.Shop.SidecarClient("notification");

    [Fact]
    public async Task What_cannot_be_taken_is_kept_with_its_reason_and_attempts_and_a_replay_takes_effect_once()
    {
        host.Poison[_name] = true;
        await PublishAsync(_name);
        var letter = await LetterAsync(_name);
        Assert.Equal(
            ("notification", DeadLetterHost.Topic, $"{_name}-event", DeadLetterHost.Tries),
            (letter.Service, letter.Topic, letter.EventId, letter.Attempts));
        Assert.Equal($"ArgumentException: {_name} is poison.", letter.Reason);
        Assert.Equal(_name, letter.Event.GetProperty("data").GetProperty("name").GetString());

        var failed = await ReplayAsync(letter.Id);
        Assert.Equal((ReplayReply.Failed, letter.Reason), (failed.Outcome, failed.Reason));
        Assert.Equal(DeadLetterHost.Tries + 1, (await LetterAsync(_name)).Attempts);

        host.Poison.Clear();
        for (var times = 0; times < 3; times++) Assert.Equal(new ReplayReply(ReplayReply.Replayed), await ReplayAsync(letter.Id));
        Assert.Single(host.Taken, _name);
        Assert.DoesNotContain(await ListAsync(), entry => entry.Id == letter.Id);
        Assert.Empty(await ReadAsync(letter.Id));
    }

    [Fact]
    public async Task A_replayed_event_that_dies_again_is_a_letter_again()
    {
        host.Poison[_name] = true;
        await PublishAsync(_name);
        var letter = await LetterAsync(_name);
        host.Poison.Clear();
        await ReplayAsync(letter.Id);

        host.Poison[_name] = true;
        await PublishAsync(_name);
        Assert.Equal((letter.Id, DeadLetterHost.Tries), ((await LetterAsync(_name)).Id, (await LetterAsync(_name)).Attempts));
    }

    [Fact]
    public async Task A_poisoned_event_takes_none_of_its_batch_with_it_and_holds_up_none_behind_it()
    {
        var names = Enumerable.Range(0, 30).Select(number => $"{_name}-{number}").ToList();
        host.Poison[names[3]] = true;
        await host.Shop.Dapr("notification").PublishAllAsync(
            DeadLetterHost.Topic, names.Select(name => new DeadLetterHost.Parcel(name)), parcel => parcel.Name);

        await ShopHost.EventuallyAsync(() => Task.FromResult(names.Except(host.Taken).SequenceEqual([names[3]])), "all but the poisoned one");
        Assert.Contains(host.Batches, size => size > 1);
        await ShopHost.EventuallyAsync(async () => (await ReadAllAsync()).Any(letter => letter.EventId == names[3]), "the dead letter");
        Assert.Single(await ReadAllAsync(), letter => letter.EventId.StartsWith(_name, StringComparison.Ordinal));
        Assert.Equal(names.Count - 1, host.Taken.Count(names.Contains));
    }

    [Fact]
    public async Task What_cannot_be_read_is_a_letter_that_says_so()
    {
        var id = $"{_name}-event";
        await host.Shop.PublishAsync(DeadLetterHost.Topic, new { nonsense = true }, id);
        await ShopHost.EventuallyAsync(async () => (await ReadAllAsync()).Any(letter => letter.EventId == id), "the dead letter");
        var letter = (await ReadAllAsync()).Single(letter => letter.EventId == id);
        Assert.StartsWith("It cannot be read:", letter.Reason, StringComparison.Ordinal);
        Assert.Equal(DeadLetterHost.Tries, letter.Attempts);
    }

    [Fact]
    public async Task A_letter_is_kept_once_however_often_it_comes_whatever_it_is_and_wherever_it_is_from()
    {
        for (var copies = 0; copies < 3; copies++) await host.Shop.PublishAsync("notification.dead-letters", "nonsense", $"{_name}-event");
        await ShopHost.EventuallyAsync(async () => (await ReadAllAsync()).Any(IsIt), "the dead letter");
        var letter = Assert.Single(await ReadAllAsync(), IsIt);
        Assert.Equal((0, "The service or its store did not answer."), (letter.Attempts, letter.Reason));

        Assert.Equal(ReplayReply.Failed, (await ReplayAsync(letter.Id)).Outcome);
        Assert.Single(await ReadAllAsync(), IsIt);

        bool IsIt(DeadLetter each) => each.EventId == $"{_name}-event";
    }

    [Fact]
    public async Task A_letter_is_counted_once_under_the_topic_of_its_event()
    {
        var meters = host.Services.GetRequiredService<IMeterFactory>();
        ConcurrentQueue<(string Name, long Count, string Topic)> counted = new();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == meters && instrument.Meter.Name == "DaprShop.DeadLetters") listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, count, tags, _) => counted.Enqueue((instrument.Name, count, $"{tags[0]}")));
        listener.Start();
        var dead = Enumerable.Range(1, 2).Select(
            number => new BulkEntry("1", JsonSerializer.SerializeToElement(new { id = $"{_name}-{number}", topic = $"topic-{number}" }))).ToList();

        var letters = host.Services.GetRequiredService<DeadLetters>();
        await letters.KeepAsync([dead[0]], TestContext.Current.CancellationToken);
        await letters.KeepAsync([dead[0], dead[1], dead[1]], TestContext.Current.CancellationToken);

        Assert.Equal([("daprshop.dead_letters", 1, "[topic, topic-1]"), ("daprshop.dead_letters", 1, "[topic, topic-2]")], counted);
    }

    [Fact]
    public async Task Letters_outlive_the_service_and_the_newest_comes_first()
    {
        host.Poison[_name] = true;
        await PublishAsync(_name);
        var first = await LetterAsync(_name);
        host.Poison[_name + "-later"] = true;
        await PublishAsync(_name + "-later");
        var second = await LetterAsync(_name + "-later");
        await host.Shop.RestartAsync("notification");
        Assert.Equal([second.Id, first.Id], (await ListAsync()).Select(entry => entry.Id).Where(id => id == first.Id || id == second.Id));
    }

    [Fact]
    public async Task There_is_room_for_any_number_and_the_one_list_of_old_that_is_full_counts_too()
    {
        const int Most = 4 * 1024 * 1024;
        var cancellation = TestContext.Current.CancellationToken;
        var full = new DeadLetterHost();
        await using var _ = full;
        await full.InitializeAsync();
        var letters = full.Services.GetRequiredService<DeadLetters>();
        var store = full.Services.GetRequiredService<StateStore>();
        // As it was kept before there were pages: newest last.
        var old = Dead("old");
        var oldId = DeadLetters.IdOf(new ServiceName("notification"), old);
        var then = DateTimeOffset.UtcNow.AddDays(-1);
        List<DeadLetterEntry> list = [new(oldId, then)];
        var size = JsonSerializer.SerializeToUtf8Bytes(list, JsonSerializerOptions.Web).Length - 1;
        list.InsertRange(
            0, Enumerable.Range(0, (Most / size) - 5).Select(at => new DeadLetterEntry($"notification-{at:x16}", then.AddDays(-1))));
        await store.SaveAsync("dead-letter-index", list, cancellation);
        await store.SaveAsync($"dead-letter/{oldId}", new DeadLetter(
            oldId, "notification", DeadLetterHost.Topic, "old", "poison", 1, then, old.Event), cancellation);

        var dead = Enumerable.Range(0, 10).Select(number => Dead($"new-{number}")).Append(old).ToList();
        await letters.KeepAsync(dead, cancellation);
        var listed = (await letters.ListAsync(cancellation)).Select(entry => entry.Id).ToList();
        Assert.Equal(DeadLetters.MaxListed, listed.Count);
        Assert.Equal(10, listed.Take(10).Intersect(dead.Select(entry => DeadLetters.IdOf(new ServiceName("notification"), entry))).Count());
        Assert.Equal(oldId, listed[10]);

        Assert.Equal(ReplayReply.Replayed, (await letters.ReplayAsync(oldId, cancellation))!.Outcome);
        Assert.Equal(["old"], full.Taken);
        Assert.DoesNotContain(oldId, (await letters.ListAsync(cancellation)).Select(entry => entry.Id));

        static BulkEntry Dead(string eventId) => new("1", JsonSerializer.SerializeToElement(
            new { id = eventId, topic = DeadLetterHost.Topic, data = new { name = eventId } }));
    }

    [Fact]
    public async Task What_is_not_there_cannot_be_replayed()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await Service.PostAsync("/internal/dead-letters/notification-0123456789abcdef/replay", null)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Shop.Client("notification").GetAsync("/internal/dead-letters")).StatusCode);
    }

    private Task PublishAsync(string name) =>
        host.Shop.PublishAsync(DeadLetterHost.Topic, new DeadLetterHost.Parcel(name), $"{name}-event");

    private async Task<DeadLetter> LetterAsync(string name)
    {
        DeadLetter? letter = null;
        await ShopHost.EventuallyAsync(
            async () => (letter = (await ReadAllAsync()).SingleOrDefault(each => each.EventId == $"{name}-event")) is not null,
            $"the dead letter of {name}");
        return letter!;
    }

    private async Task<IReadOnlyList<DeadLetter>> ReadAllAsync() =>
        await ListAsync() is { Count: > 0 } entries ? await ReadAsync([.. entries.Select(entry => entry.Id)]) : [];

    private async Task<IReadOnlyList<DeadLetterEntry>> ListAsync() => (await Service.GetFromJsonAsync<DeadLetterEntry[]>("/internal/dead-letters"))!;

    private async Task<IReadOnlyList<DeadLetter>> ReadAsync(params string[] ids) =>
        (await Service.GetFromJsonAsync<DeadLetter[]>($"/internal/dead-letters/letters?ids={string.Join(',', ids)}"))!;

    private async Task<ReplayReply> ReplayAsync(string id)
    {
        using var response = await Service.PostAsync($"/internal/dead-letters/{id}/replay", null);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<ReplayReply>())!;
    }
}
