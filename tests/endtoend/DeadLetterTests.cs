using System.Text.Json;
using DaprShop.Contracts;

namespace DaprShop.EndToEnd.Tests;

/// <summary>Events that a subscriber gave up on, as staff see them through the gateway. The tests play the broker that gives up.</summary>
public sealed class DeadLetterTests(SharedShop shared)
{
    private const string Path = "/api/admin/dead-letters";

    private readonly string _orderId = Guid.CreateVersion7().ToString();

    private Shop Shop => shared.Shop;

    [Fact]
    public async Task Staff_see_a_dead_letter_and_replay_it_to_its_subscriber()
    {
        var member = await Shop.NewMemberAsync();
        var staff = await Shop.StaffAsync();
        await BuryAsync(Event(member.Credentials!.Id));
        var letter = await LetterAsync(staff);
        Assert.Equal(("notification", Topics.OrdersShipped), (letter.Service, letter.Topic));
        Assert.NotEmpty(letter.Reason);
        Assert.Equal(_orderId, letter.Event.GetProperty("data").GetProperty("orderId").GetString());
        Assert.DoesNotContain("orderShipped", await KindsAsync(member));

        for (var times = 0; times < 2; times++)
            Assert.Equal(new Replayed(letter.Id, "replayed"), await staff.PostAsync($"{Path}/{letter.Id}/replay").ReadAsync<Replayed>());

        Assert.Single(await KindsAsync(member), "orderShipped");
        Assert.DoesNotContain((await staff.GetAsync($"{Path}?pageSize=100").ReadAsync<Page<Letter>>()).Items, item => item.Id == letter.Id);
    }

    [Fact]
    public async Task A_letter_that_fails_again_stays_and_counts_the_attempt()
    {
        var staff = await Shop.StaffAsync();
        await BuryAsync(new { nonsense = true });
        var letter = await LetterAsync(staff);
        await staff.PostAsync($"{Path}/{letter.Id}/replay").ProblemAsync(409);
        var again = await LetterAsync(staff);
        Assert.Equal((letter.Id, letter.Attempts + 1), (again.Id, again.Attempts));
        Assert.Contains("cannot be read", again.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_else_may_look_or_touch()
    {
        var member = await Shop.SomeoneAsync();
        var replay = $"{Path}/notification-0123456789abcdef/replay";
        await Shop.Anonymous.GetAsync(Path).ProblemAsync(401);
        await Shop.Anonymous.PostAsync(replay).ProblemAsync(401);
        await member.GetAsync(Path).ProblemAsync(403);
        await member.PostAsync(replay).ProblemAsync(403);
        var staff = await Shop.StaffAsync();
        await staff.PostAsync(replay).ProblemAsync(404);
        await staff.GetAsync($"{Path}?page=0").ProblemAsync(400, "page");
        await staff.GetAsync($"{Path}?pageSize=1000").ProblemAsync(400, "pageSize");
    }

    private OrderChanged Event(string memberId) => new OrderChanged(
        $"order-{_orderId}-9", DateTimeOffset.UtcNow, _orderId, memberId, 9, "shipped", [], new Money(100, "USD"));

    private Task BuryAsync(object data) => shared.Own.BuryAsync("notification", new
    {
        id = $"order-{_orderId}-9",
        source = "ordering",
        type = "com.dapr.event.sent",
        specversion = "1.0",
        topic = Topics.OrdersShipped,
        pubsubname = "pubsub",
        datacontenttype = "application/json",
        data,
    });

    private Task<Letter> LetterAsync(ShopClient staff) => Eventually.Async(
        async () => (await staff.GetAsync($"{Path}?pageSize=100").ReadAsync<Page<Letter>>()).Items.FirstOrDefault(letter => letter.EventId == $"order-{_orderId}-9")!,
        letter => letter is not null, "the dead letter");

    private static async Task<IReadOnlyList<string>> KindsAsync(ShopClient member) =>
        [.. (await member.GetAsync("/api/notifications").ReadAsync<Page<NotificationDoc>>()).Items.Select(item => item.Kind)];

    private sealed record Letter(string Id, string Service, string Topic, string EventId, string Reason, int Attempts, JsonElement Event);

    private sealed record Replayed(string Id, string Outcome);
}
