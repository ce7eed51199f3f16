using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprShop.Common;
using DaprShop.Contracts;
using DaprShop.Testing;

namespace DaprShop.Shipping.Tests;

/// <summary>The service in this process, with a clock of the test's.</summary>
public sealed class DotnetShippingTests(DotnetShippingShop shop) : ShippingServiceTests(shop), IClassFixture<DotnetShippingShop>
{
    [Fact]
    public async Task What_another_host_of_the_courier_put_on_the_list_is_not_forgotten()
    {
        // All of one courier.
        string[] orders = [.. Enumerable.Range(0, 3).Select(_ => ShippingShop.NewOrder()[..^1] + "3")];
        foreach (var order in orders) await shop.CreateAsync(order);
        await shop.ConfirmAsync(orders[0]);
        await ExpectedAsync(orders[0]);

        // The sidecar alone died: the courier went to another replica, which was told of the second order, and came back.
        const string State = "v1.0/actors/CourierActor/courier-3/state";
        var slots = (await shop.Dapr.GetFromJsonAsync<List<long>>($"{State}/slots"))!;
        var added = slots[^1] + 1;
        object[] written =
        [
            new { operation = "upsert", request = new { key = "slots", value = (object)slots.Append(added) } },
            new { operation = "upsert", request = new { key = $"slot-{added}", value = (object)new[] { new { orderId = orders[1], to = "dispatched" } } } },
        ];
        (await shop.Dapr.PostAsJsonAsync(State, written)).EnsureSuccessStatusCode();
        await shop.ConfirmAsync(orders[2]);
        await ExpectedAsync(orders[2]);

        shop.Pass(TimeSpan.FromSeconds(25));
        foreach (var order in orders) await shop.HeardAsync(order, "dispatched");
    }
}

/// <summary>services/shipping-node, a process of its own, with its clock set by the test.</summary>
public sealed class NodeShippingTests : ShippingServiceTests, IClassFixture<NodeShippingShop>
{
    public NodeShippingTests(NodeShippingShop shop) : base(shop) => NodeShippingShop.RequireNode();
}

/// <summary>The service as the saga, members and staff meet it, in whatever language it is written.</summary>
public abstract class ShippingServiceTests(ShippingShop shop)
{
    [Fact]
    public async Task Rates_are_for_everyone()
    {
        var anyone = shop.Host.Client("shipping");
        var rates = await anyone.GetFromJsonAsync<ShippingRates>("/api/shipping/rates?country=US&weight=1200");
        Assert.Equal(["standard", "express"], rates!.Items.Select(rate => rate.Method));
        Assert.Empty((await anyone.GetFromJsonAsync<ShippingRates>("/api/shipping/rates?country=AQ&weight=1200"))!.Items);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?country=US")]
    [InlineData("?country=US&weight=0")]
    [InlineData("?country=US&weight=100001")]
    [InlineData("?country=USA&weight=1")]
    [InlineData("?country=U1&weight=1")]
    [InlineData("?country=US&weight=heavy")]
    public async Task Malformed_questions_are_400(string query)
    {
        using var response = await shop.Host.Client("shipping").GetAsync("/api/shipping/rates" + query);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_confirmed_parcel_is_dispatched_and_delivered_in_its_time()
    {
        var order = ShippingShop.NewOrder();
        var created = await shop.CreateAsync(order);
        Assert.Equal("created", created.Outcome);
        await shop.ConfirmAsync(order);
        await ExpectedAsync(order);
        Assert.DoesNotContain(shop.Heard, heard => heard.OrderId == order);

        shop.Pass(TimeSpan.FromSeconds(21));
        await shop.HeardAsync(order, "dispatched");
        // Who hears of the dispatch may be ahead of the courier, who notes only then when to deliver.
        await shop.HeardInTimeAsync(order, "delivered");

        var shipment = await GetAsync(order);
        Assert.Equal("delivered", shipment.GetProperty("status").GetString());
        Assert.Equal(created.TrackingNumber, shipment.GetProperty("trackingNumber").GetString());
        Assert.Equal(["created", "dispatched", "delivered"],
            shipment.GetProperty("events").EnumerateArray().Select(happened => happened.GetProperty("status").GetString()));
        Assert.Equal("dispatched", (await shop.CancelAsync(order)).Outcome);
    }

    [Fact]
    public async Task What_the_courier_has_to_do_survives_a_new_life()
    {
        var order = ShippingShop.NewOrder();
        await shop.CreateAsync(order);
        await shop.ConfirmAsync(order);
        await ExpectedAsync(order);
        await shop.Host.RestartAsync("shipping");
        shop.Pass(TimeSpan.FromSeconds(21));
        await shop.HeardAsync(order, "dispatched");
    }

    [Fact]
    public async Task A_dispatch_that_died_before_it_was_told_is_told()
    {
        var order = ShippingShop.NewOrder();
        await shop.CreateAsync(order);
        await shop.ConfirmAsync(order);
        await ExpectedAsync(order);
        var store = new StateStore(shop.Host.Dapr("shipping"), "shipping-store");
        var saved = await store.GetAsync<Shipment>($"shipment/{order}");
        var dispatched = saved.Value!.Move(ShipmentStatus.Dispatched, shop.Now);
        Assert.True(await store.TrySaveAsync($"shipment/{order}", dispatched, saved.ETag));
        shop.Pass(TimeSpan.FromSeconds(21));
        await shop.HeardAsync(order, "dispatched");
    }

    [Fact]
    public async Task While_the_broker_is_away_the_parcel_stays_on_the_list_and_then_everyone_is_told()
    {
        var order = ShippingShop.NewOrder();
        await shop.CreateAsync(order);
        await shop.ConfirmAsync(order);
        await ExpectedAsync(order);
        shop.RefuseEvents(Topics.ShippingDispatched, times: 2);
        shop.Pass(TimeSpan.FromSeconds(21));
        await shop.HeardAsync(order, "dispatched");
    }

    [Fact]
    public async Task A_malformed_event_holds_up_no_other()
    {
        var order = ShippingShop.NewOrder();
        await shop.CreateAsync(order);
        await shop.ConfirmAsync("../courier-1");
        await shop.ConfirmAsync(order);
        await ExpectedAsync(order);
    }

    [Fact]
    public async Task A_duplicate_confirmation_moves_nothing_twice()
    {
        var order = ShippingShop.NewOrder();
        await shop.CreateAsync(order);
        await shop.ConfirmAsync(order);
        await ExpectedAsync(order);
        shop.Pass(TimeSpan.FromSeconds(1));
        await shop.ConfirmAsync(order);
        shop.Pass(TimeSpan.FromSeconds(21));
        await shop.HeardAsync(order, "dispatched");
        // Who hears of the dispatch may be ahead of the courier, who notes only then when to deliver.
        await shop.HeardInTimeAsync(order, "delivered");
        Assert.Equal(3, (await GetAsync(order)).GetProperty("events").GetArrayLength());
        Assert.Equal(2, shop.Heard.Where(heard => heard.OrderId == order).Distinct().Count());
    }

    [Fact]
    public async Task The_same_parcel_again_is_the_same_parcel()
    {
        var order = ShippingShop.NewOrder();
        Assert.Equal(await shop.CreateAsync(order), await shop.CreateAsync(order));
    }

    [Fact]
    public async Task A_cancelled_parcel_is_never_dispatched()
    {
        var order = ShippingShop.NewOrder();
        await shop.CreateAsync(order);
        await shop.ConfirmAsync(order);
        await ExpectedAsync(order);
        Assert.Equal("cancelled", (await shop.CancelAsync(order)).Outcome);
        Assert.Equal("cancelled", (await shop.CancelAsync(order)).Outcome);
        Assert.Equal("cancelled", (await shop.CreateAsync(order)).Outcome);
        Assert.Equal(HttpStatusCode.Conflict, (await shop.StaffAsync(order, "dispatch")).StatusCode);
        Assert.Equal("cancelled", (await GetAsync(order)).GetProperty("status").GetString());
        Assert.DoesNotContain(shop.Heard, heard => heard.OrderId == order);
    }

    [Fact]
    public async Task A_cancel_that_comes_first_wins()
    {
        var order = ShippingShop.NewOrder();
        Assert.Equal("cancelled", (await shop.CancelAsync(order)).Outcome);
        Assert.Equal("cancelled", (await shop.CreateAsync(order)).Outcome);
    }

    [Fact]
    public async Task Of_cancel_and_dispatch_at_once_exactly_one_wins()
    {
        var orders = Enumerable.Range(0, 20).Select(_ => ShippingShop.NewOrder()).ToArray();
        await Task.WhenAll(orders.Select(order => shop.CreateAsync(order)));
        await Task.WhenAll(orders.Select(shop.ConfirmAsync));
        foreach (var order in orders) await ExpectedAsync(order);
        await Task.WhenAll(orders.Select(async order =>
        {
            var dispatch = shop.StaffAsync(order, "dispatch");
            var cancel = shop.CancelAsync(order);
            Assert.Equal((await dispatch).StatusCode is HttpStatusCode.OK ? "dispatched" : "cancelled", (await cancel).Outcome);
        }));
    }

    [Fact]
    public async Task Staff_move_a_parcel_at_once()
    {
        var order = ShippingShop.NewOrder();
        Assert.Equal(HttpStatusCode.NotFound, (await shop.StaffAsync(order, "dispatch")).StatusCode);
        await shop.CreateAsync(order);
        Assert.Equal(HttpStatusCode.Conflict, (await shop.StaffAsync(order, "dispatch")).StatusCode);
        await shop.ConfirmAsync(order);
        await ExpectedAsync(order);
        Assert.Equal(HttpStatusCode.Conflict, (await shop.StaffAsync(order, "deliver")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await shop.StaffAsync(order, "dispatch")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await shop.StaffAsync(order, "deliver")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await shop.StaffAsync(order, "return")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await shop.StaffAsync(order, "return")).StatusCode);
        foreach (var status in new[] { "dispatched", "delivered", "returned" }) await shop.HeardAsync(order, status);
        using var member = await shop.Host.Client("shipping", shop.Host.Token()).PostAsync($"/api/shipments/{order}/dispatch", null);
        Assert.Equal(HttpStatusCode.Forbidden, member.StatusCode);
    }

    [Fact]
    public async Task Where_nobody_delivers_the_parcel_is_refused()
    {
        Assert.Equal("refused", (await shop.CreateAsync(ShippingShop.NewOrder(), ShippingShop.Parcel("AQ"))).Outcome);
        Assert.Equal("refused", (await shop.CreateAsync(ShippingShop.NewOrder(), ShippingShop.Parcel("BR", "express"))).Outcome);
        Assert.Equal("refused", (await shop.CreateAsync(ShippingShop.NewOrder(), ShippingShop.Parcel(grams: 100_001))).Outcome);
    }

    [Fact]
    public async Task Malformed_parcels_are_400()
    {
        foreach (var parcel in new[]
        {
            ShippingShop.Parcel("usa"), ShippingShop.Parcel(method: "drone"), ShippingShop.Parcel(grams: 0),
            ShippingShop.Parcel() with { MemberId = "someone" },
        })
        {
            using var response = await shop.PutAsync(ShippingShop.NewOrder(), parcel);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        }

        using var badId = await shop.PutAsync(ShippingShop.NewOrder().ToUpperInvariant(), ShippingShop.Parcel());
        Assert.Equal(HttpStatusCode.BadRequest, badId.StatusCode);
    }

    [Fact]
    public async Task Others_see_nothing()
    {
        var order = ShippingShop.NewOrder();
        await shop.CreateAsync(order);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(order, null));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(order, shop.Host.Token(ShippingShop.NewOrder())));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(order, shop.Host.StaffToken()));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync("no-such-order", shop.Host.StaffToken()));
    }

    [Fact]
    public async Task What_is_told_follows_the_contract()
    {
        var order = ShippingShop.NewOrder();
        var created = await shop.CreateAsync(order);
        await shop.ConfirmAsync(order);
        await ExpectedAsync(order);
        using var dispatched = await shop.StaffAsync(order, "dispatch");
        await shop.HeardAsync(order, "dispatched");

        var told = shop.Heard.First(heard => heard.OrderId == order);
        var view = await GetAsync(order);
        Assert.Equal(
            new ShipmentChanged(
                $"shipment-{order}-dispatched", view.GetProperty("events")[1].GetProperty("at").GetDateTimeOffset(), order,
                ShippingShop.MemberId, "dispatched", created.TrackingNumber!),
            told);
        Assert.Equal(TimeSpan.Zero, told.OccurredAt.Offset);
    }

    [Fact]
    public async Task An_event_that_cannot_be_taken_is_a_dead_letter_until_it_can()
    {
        var order = ShippingShop.NewOrder();
        await shop.CreateAsync(order);
        var lost = await BuriedAsync($"order-{order}-5", ShippingShop.Confirmed(order, shop.Now));
        shop.Pass(TimeSpan.FromMilliseconds(1));
        var hopeless = await BuriedAsync($"order-{order}-6", ShippingShop.Confirmed("../courier-1", shop.Now));
        var before = await ListAsync();
        Assert.True(before.IndexOf(hopeless.Id) < before.IndexOf(lost.Id), "The newest is not the first.");
        Assert.Equal(("shipping", Topics.OrdersConfirmed, 0), (lost.Service, lost.Topic, lost.Attempts));
        Assert.Equal(order, lost.Event.GetProperty("data").GetProperty("orderId").GetString());

        Assert.Equal(new ReplayReply("failed", "The service could not take it."), await ReplayAsync(hopeless.Id));
        Assert.Equal(1, Assert.Single(await LettersAsync(hopeless.Id)).Attempts);
        Assert.Equal("replayed", (await ReplayAsync(lost.Id)).Outcome);
        await ExpectedAsync(order);
        Assert.Equal("replayed", (await ReplayAsync(lost.Id)).Outcome);
        Assert.Empty(await LettersAsync(lost.Id));
        Assert.DoesNotContain(lost.Id, await ListAsync());
        using var unknown = await shop.Sidecar.PostAsync("/internal/dead-letters/shipping-0000000000000000/replay", null);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task Dead_letters_are_listed_on_pages_by_the_last_digits_of_their_ids_and_the_one_list_of_old_counts_too()
    {
        var letter = await BuriedAsync($"order-{ShippingShop.NewOrder()}-5", ShippingShop.Confirmed("../courier-1", shop.Now));
        Assert.Contains(letter.Id, await StoredListAsync($"dead-letter-index/{letter.Id[^2..]}"));

        var order = ShippingShop.NewOrder();
        await shop.CreateAsync(order);
        var old = await BuriedAsync($"order-{order}-5", ShippingShop.Confirmed(order, shop.Now));
        await StoreAsync($"dead-letter-index/{old.Id[^2..]}", []);
        Assert.DoesNotContain(old.Id, await ListAsync());
        await StoreAsync("dead-letter-index", [new DeadLetterEntry(old.Id, old.GivenUpAt)]);
        Assert.Contains(old.Id, await ListAsync());
        using var again = await shop.Sidecar.PostAsJsonAsync(
            "/events/shipping.dead-letters", new { id = "batch", entries = new[] { new { entryId = "1", @event = old.Event } } });
        again.EnsureSuccessStatusCode();
        Assert.Empty(await StoredListAsync($"dead-letter-index/{old.Id[^2..]}"));

        Assert.Equal("replayed", (await ReplayAsync(old.Id)).Outcome);
        Assert.Empty(await StoredListAsync("dead-letter-index"));
        Assert.DoesNotContain(old.Id, await ListAsync());

        async Task<IEnumerable<string>> StoredListAsync(string key)
        {
            using var response = await shop.Dapr.PostAsJsonAsync("/v1.0/state/shipping-store/bulk", new { keys = new[] { key } });
            var items = (await response.Content.ReadFromJsonAsync<JsonElement>())!;
            return items[0].GetProperty("data").Deserialize<DeadLetterEntry[]>(JsonSerializerOptions.Web)!.Select(entry => entry.Id);
        }

        async Task StoreAsync(string key, DeadLetterEntry[] value) =>
            (await shop.Dapr.PostAsJsonAsync("/v1.0/state/shipping-store", new[] { new { key, value } })).EnsureSuccessStatusCode();
    }

    [Theory]
    [InlineData("POST", "/internal/shipments/x/cancel", 401)]
    [InlineData("GET", "/internal/dead-letters", 401)]
    [InlineData("GET", "/%69nternal/dead-letters", 401)]
    [InlineData("POST", "/events/orders.confirmed", 401)]
    [InlineData("PUT", "/actors/CourierActor/courier-1/method/Expect", 401)]
    [InlineData("GET", "/dapr/config", 401)]
    [InlineData("GET", "/api/nothing", 404)]
    [InlineData("DELETE", "/api/shipping/rates", 405)]
    public async Task What_is_not_for_strangers_or_not_there_is_a_problem(string verb, string path, int status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(verb), path);
        using var response = await shop.Host.Client("shipping").SendAsync(request);
        await ProblemAsync(response, status);
    }

    [Theory]
    [InlineData("text/plain", "{}", 415)]
    [InlineData("application/json", "{", 400)]
    [InlineData("application/json", "[]", 400)]
    [InlineData("application/json", "{\"memberId\":\"0196f5a0-0000-7000-8000-00000000000a\"}", 400)]
    [InlineData("application/json", "{\"memberId\":\"0196f5a0-0000-7000-8000-00000000000a\",\"method\":\"standard\",\"weightGrams\":\"8\"}", 400)]
    [InlineData("application/json", null, 413)]
    public async Task What_cannot_be_read_is_a_problem(string contentType, string? body, int status)
    {
        using var content = new StringContent(body ?? $"\"{new string('x', 1024 * 1024)}\"", System.Text.Encoding.UTF8, contentType);
        using var response = await shop.Sidecar.PutAsync($"/internal/shipments/{ShippingShop.NewOrder()}", content);
        await ProblemAsync(response, status);
    }

    [Theory]
    [InlineData("{\"memberId\":1}", "memberId")]
    [InlineData("{\"memberId\":\"a\",\"weightGrams\":1.5,\"method\":1}", "weightGrams")]
    [InlineData("{\"memberId\":null}", "memberId")]
    [InlineData("{\"MEMBERID\":\"a\",\"gift\":{}}", "address", "method", "weightGrams")]
    [InlineData("{\"address\":{\"recipient\":\"a\",\"line2\":2}}", "address.line2")]
    [InlineData("{\"address\":{\"line1\":\"a\",\"line2\":null,\"city\":\"b\",\"country\":\"US\"}}",
        "address.postalCode", "address.recipient")]
    [InlineData("{\"address\":[]}", "address")]
    [InlineData("{}", "address", "memberId", "method", "weightGrams")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("")]
    public async Task A_field_that_cannot_be_read_is_named(string body, params string[] fields)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await shop.Sidecar.PutAsync($"/internal/shipments/{ShippingShop.NewOrder()}", content);
        Unreadable(await ProblemAsync(response, 400), fields);
    }

    [Theory]
    [InlineData("?country=US&weight=heavy", "weight")]
    [InlineData("?weight=1e3", "weight")]
    [InlineData("?weight=1&weight=2", "weight")]
    [InlineData("?weight=2147483648", "weight")]
    public async Task A_parameter_that_cannot_be_read_is_named(string query, string name)
    {
        using var response = await shop.Host.Client("shipping").GetAsync("/api/shipping/rates" + query);
        Unreadable(await ProblemAsync(response, 400), name);
    }

    [Theory]
    [InlineData("/api/shipping/rates/?country=US&weight=1")]
    [InlineData("/API/Shipping/rates?Country=us&WEIGHT=1")]
    [InlineData("/api/shipping/rates?country=US&weight=+1%20")]
    public async Task Paths_and_parameters_may_be_written_in_many_ways(string path)
    {
        using var response = await shop.Host.Client("shipping").GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    /// <summary>Who asks comes first; but what nobody could read is refused to everyone.</summary>
    [Theory]
    [InlineData("POST", "/api/shipments/x/dispatch", "text/plain", "x", 401)]
    [InlineData("POST", "/api/shipments/x/dispatch", "application/json", "{", 401)]
    [InlineData("PUT", "/internal/shipments/x", "text/plain", "x", 401)]
    [InlineData("POST", "/api/shipments/x/dispatch", "application/json; charset=iso-8859-1", "{}", 415)]
    [InlineData("POST", "/api/shipments/x/dispatch", "text/plain", null, 413)]
    [InlineData("POST", "/api/nothing", "text/plain", "x", 404)]
    [InlineData("POST", "/api/shipping/rates", "application/json", "{", 405)]
    [InlineData("GET", "/api/shipments/%zz", null, "", 401)]
    [InlineData("GET", "/api/shipments/%ff", null, "", 401)]
    public async Task A_stranger_is_told_no_more_than_that(string verb, string path, string? contentType, string? body, int status)
    {
        using var response = await SendAsync(shop.Host.Client("shipping"), verb, path, contentType, body);
        await ProblemAsync(response, status);
    }

    [Theory]
    [InlineData("text/plain", "x")]
    [InlineData("application/json", "{")]
    [InlineData("nonsense", "{")]
    [InlineData(null, "x")]
    [InlineData(null, "")]
    public async Task Where_no_body_is_asked_for_none_is_looked_at(string? contentType, string body)
    {
        using var cancelled = await SendAsync(
            shop.Sidecar, "POST", $"/internal/shipments/{ShippingShop.NewOrder()}/cancel", contentType, body);
        Assert.Equal(HttpStatusCode.OK, cancelled.StatusCode);
        using var dispatched = await SendAsync(shop.Staff, "POST", $"/api/shipments/{ShippingShop.NewOrder()}/dispatch", contentType, body);
        await ProblemAsync(dispatched, 404);
    }

    [Theory]
    [InlineData("application/json; charset=iso-8859-1", 415)]
    [InlineData("application/json; charset=\"UTF-16\"", 415)]
    [InlineData("application/json; charset=\"utf-8\"", 400)]
    [InlineData("application/json;charset=UTF-8", 400)]
    [InlineData("nonsense", 415)]
    [InlineData(null, 415)]
    public async Task Json_is_utf8(string? contentType, int status)
    {
        using var response = await SendAsync(shop.Sidecar, "PUT", $"/internal/shipments/{ShippingShop.NewOrder()}", contentType, "{}");
        await ProblemAsync(response, status);
    }

    [Fact]
    public async Task No_body_at_all_is_400()
    {
        using var response = await SendAsync(shop.Sidecar, "PUT", $"/internal/shipments/{ShippingShop.NewOrder()}", null, "");
        await ProblemAsync(response, 400);
    }

    [Theory]
    [InlineData(101)]
    [InlineData(4000)]
    public async Task A_long_path_is_as_any_other(int length)
    {
        using var shown = await shop.Staff.GetAsync($"/api/shipments/{new string('a', length)}");
        await ProblemAsync(shown, 404);
        using var nothing = await shop.Staff.GetAsync($"/{new string('a', length)}");
        await ProblemAsync(nothing, 404);
    }

    [Fact]
    public async Task A_wrong_field_is_named()
    {
        using var response = await shop.PutAsync(ShippingShop.NewOrder(), ShippingShop.Parcel("usa", "drone", 0));
        var problem = await ProblemAsync(response, 400);
        Assert.Equal(
            ["address.country", "method", "weightGrams"],
            problem.GetProperty("errors").EnumerateObject().Select(error => error.Name).Order());
        Assert.Equal("One or more fields are invalid.", problem.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_forged_token_is_401()
    {
        var token = shop.Host.StaffToken();
        foreach (var forged in new[] { token[..^6] + "AAAAAA", token + ".x", "nonsense", token.Split('.')[0] + ".e30." })
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(ShippingShop.NewOrder(), forged));
    }

    [Fact]
    public async Task It_says_that_it_is_well()
    {
        using var response = await shop.Host.Client("shipping").GetAsync("/healthz");
        Assert.Equal("Healthy", await response.Content.ReadAsStringAsync());
    }

    /// <param name="body">Null for one that is too large.</param>
    private static Task<HttpResponseMessage> SendAsync(HttpClient client, string verb, string path, string? contentType, string? body)
    {
        var content = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(body ?? new string('x', 1024 * 1024 + 1)));
        if (contentType is not null) content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        // As it is written: the client would mend what is wrong with it.
        var address = new Uri(
            client.BaseAddress!.GetLeftPart(UriPartial.Authority) + path,
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        return client.SendAsync(new HttpRequestMessage(new HttpMethod(verb), address) { Content = verb == "GET" ? null : content });
    }

    private static void Unreadable(JsonElement problem, params string[] fields)
    {
        Assert.Equal("The request is malformed.", problem.GetProperty("detail").GetString());
        var errors = problem.TryGetProperty("errors", out var named) ? named : JsonSerializer.SerializeToElement(new { });
        Assert.Equal(fields, errors.EnumerateObject().Select(error => error.Name).Order(StringComparer.Ordinal));
        Assert.All(errors.EnumerateObject(), error =>
            Assert.Equal("Missing, or not of the right type.", Assert.Single(error.Value.EnumerateArray()).GetString()));
    }

    private static async Task<JsonElement> ProblemAsync(HttpResponseMessage response, int status)
    {
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.Equal($"https://www.rfc-editor.org/rfc/rfc9110#section-15.{status / 100 + 1}", problem.GetProperty("type").GetString());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        Assert.NotEmpty(problem.GetProperty("traceId").GetString()!);
        return problem;
    }

    /// <summary>Puts an event where the broker puts those that a service could not take, and waits for the letter.</summary>
    private async Task<DeadLetter> BuriedAsync(string eventId, OrderChanged data)
    {
        var entry = new BulkEntry("1", JsonSerializer.SerializeToElement(
            new { id = eventId, topic = Topics.OrdersConfirmed, specversion = "1.0", type = Topics.OrdersConfirmed, source = "test", data },
            JsonSerializerOptions.Web));
        using var response = await shop.Dapr.PostAsJsonAsync(
            "/v1.0/publish/pubsub/shipping.dead-letters?metadata.rawPayload=true", entry.Event);
        response.EnsureSuccessStatusCode();
        var id = DeadLetters.IdOf(new ServiceName("shipping"), entry);
        await ShopHost.EventuallyAsync(async () => (await LettersAsync(id)).Count > 0, "the dead letter");
        return Assert.Single(await LettersAsync(id));
    }

    private async Task<List<string>> ListAsync() =>
        [.. (await shop.Sidecar.GetFromJsonAsync<DeadLetterEntry[]>("/internal/dead-letters"))!.Select(entry => entry.Id)];

    private async Task<IReadOnlyList<DeadLetter>> LettersAsync(string id) =>
        (await shop.Sidecar.GetFromJsonAsync<DeadLetter[]>($"/internal/dead-letters/letters?ids={id}"))!;

    private async Task<ReplayReply> ReplayAsync(string id)
    {
        using var response = await shop.Sidecar.PostAsync($"/internal/dead-letters/{id}/replay", null);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<ReplayReply>())!;
    }

    /// <summary>Waits until the parcel is on a courier's list.</summary>
    protected Task ExpectedAsync(string order) => ShopHost.EventuallyAsync(
        async () =>
        {
            var courier = $"courier-{Convert.ToInt32(order[^1..], 16) % 8}";
            using var slots = await shop.Dapr.GetAsync($"/v1.0/actors/CourierActor/{courier}/state/slots");
            if (slots.StatusCode is not HttpStatusCode.OK) return false;
            foreach (var slot in (await slots.Content.ReadFromJsonAsync<long[]>())!)
            {
                if ((await shop.Dapr.GetStringAsync($"/v1.0/actors/CourierActor/{courier}/state/slot-{slot}")).Contains(order)) return true;
            }

            return false;
        },
        "the parcel to be expected");

    private async Task<HttpStatusCode> StatusAsync(string order, string? token)
    {
        using var response = await shop.Host.Client("shipping", token).GetAsync($"/api/shipments/{order}");
        return response.StatusCode;
    }

    private async Task<JsonElement> GetAsync(string order) =>
        await shop.Host.Client("shipping", shop.Host.Token(ShippingShop.MemberId)).GetFromJsonAsync<JsonElement>($"/api/shipments/{order}");
}
