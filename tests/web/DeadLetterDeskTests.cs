using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprShop.Common;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace DaprShop.Web.Tests;

/// <summary>Web with two services that keep dead letters, one that hangs, and the others away.</summary>
public sealed class DeskHost : IAsyncLifetime
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public ShopHost Shop { get; private set; } = null!;

    public ConcurrentQueue<string> Replays { get; } = new();

    public async ValueTask InitializeAsync() => Shop = await ShopHost.StartAsync(shop => shop
        .Service("web", WebService.Create)
        .Fake("shipping", app => MapLetters(app, "shipping", 2, 4))
        .Fake("notification", app => MapLetters(app, "notification", 1, 3, 5))
        .Fake("basket", app => app.MapGet("/internal/dead-letters", (CancellationToken cancellation) => Task.Delay(-1, cancellation))));

    public ValueTask DisposeAsync() => Shop.DisposeAsync();

    private void MapLetters(WebApplication app, string service, params int[] minutes)
    {
        var letters = minutes.Select(minute => new DeadLetter(
            $"{service}-{minute:x16}", service, "orders.confirmed", $"order-{minute}", "It hurts.", 16, s_start.AddMinutes(minute),
            JsonSerializer.SerializeToElement(new { id = minute }))).Reverse().ToList();
        app.MapGet("/internal/dead-letters", () => letters.Select(letter => new DeadLetterEntry(letter.Id, letter.GivenUpAt)));
        app.MapGet("/internal/dead-letters/letters", (string ids) => letters.Where(letter => ids.Split(',').Contains(letter.Id)));
        app.MapPost("/internal/dead-letters/{id}/replay", (string id) =>
        {
            Replays.Enqueue($"{service} {id}");
            return letters.All(letter => letter.Id != id) ? Results.NotFound()
                : Results.Ok(id.EndsWith('3') ? new ReplayReply(ReplayReply.Failed, "It still hurts.") : new ReplayReply(ReplayReply.Replayed));
        });
    }
}

public sealed class DeadLetterDeskTests(DeskHost host) : IClassFixture<DeskHost>
{
    private HttpClient Staff => host.Shop.Client("web", host.Shop.StaffToken());

    [Fact]
    public async Task One_list_of_all_services_newest_first_and_those_that_do_not_answer_are_named()
    {
        // Those that hang are given a few seconds, in which a slow machine may not hear from the others.
        JsonElement list = default;
        await ShopHost.EventuallyAsync(async () =>
        {
            list = await Staff.GetFromJsonAsync<JsonElement>("/api/admin/dead-letters?pageSize=2&page=2");
            return list.GetProperty("unavailable").GetArrayLength() == 4;
        }, "an answer of both services");
        Assert.Equal(["order-3", "order-2"], list.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("eventId").GetString()));
        Assert.Equal((5, 2, 2), (list.GetProperty("total").GetInt32(), list.GetProperty("page").GetInt32(), list.GetProperty("pageSize").GetInt32()));
        Assert.Equal(
            ["catalog", "inventory", "basket", "ordering"], list.GetProperty("unavailable").EnumerateArray().Select(item => item.GetString()));
        Assert.Equal(
            ["attempts", "event", "eventId", "givenUpAt", "id", "reason", "service", "topic"],
            list.GetProperty("items")[0].EnumerateObject().Select(field => field.Name).Order());

        await ShopHost.EventuallyAsync(async () =>
        {
            list = await Staff.GetFromJsonAsync<JsonElement>("/api/admin/dead-letters?page=2147483647");
            return list.GetProperty("unavailable").GetArrayLength() == 4;
        }, "an answer of both services beyond the last page");
        Assert.Equal((0, 5), (list.GetProperty("items").GetArrayLength(), list.GetProperty("total").GetInt32()));
    }

    [Fact]
    public async Task A_replay_goes_to_the_service_of_the_letter_alone()
    {
        var id = $"notification-{1:x16}";
        var reply = await (await Staff.PostAsync($"/api/admin/dead-letters/{id}/replay", null)).Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((id, "replayed"), (reply.GetProperty("id").GetString(), reply.GetProperty("outcome").GetString()));
        Assert.Equal([$"notification {id}"], host.Replays.Where(replay => replay.EndsWith(id, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("notification-0000000000000003", 409)]
    [InlineData("notification-00000000000000ff", 404)]
    [InlineData("nobody-0000000000000001", 404)]
    [InlineData("catalog-0000000000000001", 503)]
    [InlineData("x", 404)]
    [InlineData("-", 404)]
    public async Task A_replay_that_comes_to_nothing_is_a_problem(string id, int status) =>
        await ProblemAsync(await Staff.PostAsync($"/api/admin/dead-letters/{id}/replay", null), status);

    [Theory]
    [InlineData("page=0")]
    [InlineData("pageSize=101")]
    [InlineData("page=x")]
    public async Task A_page_that_cannot_be_is_a_problem(string query) =>
        await ProblemAsync(await Staff.GetAsync($"/api/admin/dead-letters?{query}"), 400);

    [Fact]
    public async Task It_is_for_staff_only()
    {
        var list = new Uri("/api/admin/dead-letters", UriKind.Relative);
        var replay = new Uri("/api/admin/dead-letters/notification-0000000000000005/replay", UriKind.Relative);
        foreach (var (token, status) in new[] { (null, 401), ("forged", 401), (host.Shop.Token(), 403) })
        {
            var client = host.Shop.Client("web", token);
            await ProblemAsync(await client.GetAsync(list), status);
            await ProblemAsync(await client.PostAsync(replay, null), status);
        }
        Assert.DoesNotContain(host.Replays, sent => sent.EndsWith('5'));
        await ProblemAsync(await Staff.GetAsync("/api/admin/nothing"), 404);
    }

    private static async Task ProblemAsync(HttpResponseMessage response, int status)
    {
        Assert.Equal((HttpStatusCode)status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(status, (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("status").GetInt32());
        Assert.Equal(status == 503, response.Headers.RetryAfter is not null);
    }
}
