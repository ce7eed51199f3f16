using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CsCheck;
using DaprShop.Contracts;
using DaprShop.Local.Faults;
using DaprShop.Testing;

namespace DaprShop.Payment.Tests;

/// <summary>The service as the saga and members meet it.</summary>
public class PaymentServiceTests(PaymentShop shop) : IClassFixture<PaymentShop>
{
    [Fact]
    public async Task An_order_is_paid()
    {
        var order = PaymentShop.NewOrder();
        Assert.Equal("authorized", (await shop.AuthorizeAsync(order)).Outcome);
        Assert.Equal("captured", (await shop.CaptureAsync(order)).Outcome);

        var payment = await GetAsync(order, shop.Host.Token(PaymentShop.MemberId));
        Assert.Equal("captured", payment.GetProperty("status").GetString());
        Assert.Equal(4711, payment.GetProperty("authorized").GetInt64());
        Assert.Equal(4711, payment.GetProperty("captured").GetInt64());
        Assert.Equal(0, payment.GetProperty("refunded").GetInt64());
        Assert.Equal("USD", payment.GetProperty("currency").GetString());
        await HeardAsync(order, "authorized", "captured");
    }

    [Fact]
    public async Task Others_see_nothing_and_staff_see_everything()
    {
        var order = PaymentShop.NewOrder();
        await shop.AuthorizeAsync(order);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(order, null));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(order, shop.Host.Token(PaymentShop.NewOrder())));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync("not-an-order", shop.Host.Token(PaymentShop.MemberId)));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(PaymentShop.NewOrder(), shop.Host.StaffToken()));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(order, shop.Host.StaffToken()));
    }

    [Theory]
    [InlineData("tok_declined", "card_declined")]
    [InlineData("tok_insufficient_funds", "insufficient_funds")]
    [InlineData("tok_whatever", "invalid_token")]
    public async Task A_no_stays_a_no(string token, string code)
    {
        var order = PaymentShop.NewOrder();
        Assert.Equal(new PaymentReply("declined", code), await shop.AuthorizeAsync(order, token));
        Assert.Equal(new PaymentReply("declined", code), await shop.AuthorizeAsync(order, "tok_ok"));
        Assert.Equal("none", (await shop.ReverseAsync(order)).Outcome);
        await HeardAsync(order, "declined");
    }

    [Fact]
    public async Task A_provider_that_fails_twice_is_asked_three_times()
    {
        var order = PaymentShop.NewOrder();
        foreach (var _ in Enumerable.Range(0, 2))
        {
            using var unavailable = await shop.SendAsync(order, "authorize", Authorize("tok_flaky"));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, unavailable.StatusCode);
            Assert.NotNull(unavailable.Headers.RetryAfter);
        }

        Assert.Equal("authorized", (await shop.AuthorizeAsync(order, "tok_flaky")).Outcome);
    }

    [Fact]
    public async Task A_provider_that_never_answers_is_given_up_and_nothing_is_held()
    {
        var order = PaymentShop.NewOrder();
        var sending = shop.SendAsync(order, "authorize", Authorize("tok_timeout"));
        while (!sending.IsCompleted)
        {
            shop.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
        using var unavailable = await sending;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, unavailable.StatusCode);
        Assert.Equal("none", (await shop.ReverseAsync(order)).Outcome);
        Assert.Equal("reversed", (await shop.AuthorizeAsync(order)).Outcome);
    }

    [Fact]
    public async Task A_lost_reply_is_asked_for_again_and_charges_once()
    {
        var order = PaymentShop.NewOrder();
        await Assert.ThrowsAsync<HttpRequestException>(() => shop.SendAsync(order, "authorize", Authorize("tok_lost_reply")));
        await shop.Host.RestartAsync("payment");
        Assert.Equal("authorized", (await shop.AuthorizeAsync(order, "tok_lost_reply")).Outcome);
        Assert.Equal("captured", (await shop.CaptureAsync(order)).Outcome);
        Assert.Equal(new TestProvider.Memory(0, ChargeState.Captured, 1), await MemoryAsync(order));
        Assert.Equal("refunded", (await shop.ReverseAsync(order)).Outcome);
        Assert.Equal(ChargeState.Refunded, (await MemoryAsync(order))!.State);
    }

    [Fact]
    public async Task A_charge_nobody_heard_of_is_voided_when_the_order_is_undone()
    {
        var order = PaymentShop.NewOrder();
        await Assert.ThrowsAsync<HttpRequestException>(() => shop.SendAsync(order, "authorize", Authorize("tok_lost_reply")));
        Assert.Equal("none", (await shop.ReverseAsync(order)).Outcome);
        Assert.Equal(ChargeState.Voided, (await MemoryAsync(order))!.State);
        using (var view = await shop.Host.Client("payment", shop.Host.StaffToken()).GetAsync($"/api/payments/{order}"))
            Assert.Equal(HttpStatusCode.NotFound, view.StatusCode);
        Assert.Equal("reversed", (await shop.AuthorizeAsync(order, "tok_lost_reply")).Outcome);
        Assert.Equal(ChargeState.Voided, (await MemoryAsync(order))!.State);
    }

    [Fact]
    public async Task A_capture_that_died_before_it_was_saved_is_refunded()
    {
        var order = PaymentShop.NewOrder();
        await Assert.ThrowsAsync<HttpRequestException>(() => shop.SendAsync(order, "authorize", Authorize("tok_lost_reply")));
        await shop.AuthorizeAsync(order, "tok_lost_reply");
        await shop.Store.SaveAsync($"provider/{order}", new TestProvider.Memory(0, ChargeState.Captured, 1));
        Assert.Equal("refunded", (await shop.ReverseAsync(order)).Outcome);
        Assert.Equal(ChargeState.Refunded, (await MemoryAsync(order))!.State);
        Assert.Equal(0, (await PostingsAsync(order)).SelectMany(posting => posting.Entries).Sum(entry => entry.Amount));
        await HeardAsync(order, "authorized", "captured", "refunded");
    }

    [Fact]
    public async Task A_capture_that_died_before_it_was_saved_is_told_even_if_whoever_undoes_it_dies_before_telling()
    {
        var order = PaymentShop.NewOrder();
        await Assert.ThrowsAsync<HttpRequestException>(() => shop.SendAsync(order, "authorize", Authorize("tok_lost_reply")));
        await shop.AuthorizeAsync(order, "tok_lost_reply");
        await shop.Store.SaveAsync($"provider/{order}", new TestProvider.Memory(0, ChargeState.Captured, 1));
        var fault = new Fault("payment", FaultPoint.Publish, "payment.captured", FaultMoment.Before, FaultKind.Cut);
        shop.Faults.Set(new FaultFile(0, [fault]));
        using var died = await shop.SendAsync(order, "reverse", null);
        shop.Faults.Set(FaultFile.Empty);
        Assert.False(died.IsSuccessStatusCode);

        Assert.Equal("refunded", (await shop.ReverseAsync(order)).Outcome);
        await HeardAsync(order, "authorized", "captured", "refunded");
        Assert.Equal(0, (await PostingsAsync(order)).SelectMany(posting => posting.Entries).Sum(entry => entry.Amount));
    }

    [Theory]
    [InlineData("authorized")]
    [InlineData("captured")]
    public async Task What_may_not_have_been_told_is_told_before_it_is_undone(string status)
    {
        var order = PaymentShop.NewOrder();
        await shop.AuthorizeAsync(order);
        if (status == "captured") await shop.CaptureAsync(order);
        await HeardAsync(order, status);
        await shop.ReverseAsync(order);
        await ShopHost.EventuallyAsync(
            () => Task.FromResult(shop.Heard.Count(heard => heard.OrderId == order && heard.Status == status) == 2), "the event again");
        Assert.Single(shop.Heard.Where(heard => heard.OrderId == order && heard.Status == status).Distinct());
    }

    [Fact]
    public async Task A_repeated_command_has_the_same_answer_and_is_told_again()
    {
        var order = PaymentShop.NewOrder();
        await shop.AuthorizeAsync(order);
        await shop.AuthorizeAsync(order);
        await ShopHost.EventuallyAsync(() => Task.FromResult(shop.Heard.Count(heard => heard.OrderId == order) == 2), "the event twice");
        Assert.Single(shop.Heard.Where(heard => heard.OrderId == order).Distinct());
        Assert.Equal("voided", (await shop.ReverseAsync(order)).Outcome);
        Assert.Equal("voided", (await shop.ReverseAsync(order)).Outcome);
        Assert.Equal("reversed", (await shop.CaptureAsync(order)).Outcome);
        Assert.Equal("reversed", (await shop.AuthorizeAsync(order)).Outcome);
    }

    [Fact]
    public async Task Another_amount_or_nothing_to_capture_is_a_conflict()
    {
        var order = PaymentShop.NewOrder();
        Assert.Equal(HttpStatusCode.Conflict, (await shop.SendAsync(order, "capture", new CapturePayment(PaymentShop.Amount))).StatusCode);
        await shop.AuthorizeAsync(order);
        var more = new Money(9999, "USD");
        Assert.Equal(HttpStatusCode.Conflict, (await shop.SendAsync(order, "capture", new CapturePayment(more))).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict,
            (await shop.SendAsync(order, "authorize", new AuthorizePayment(PaymentShop.MemberId, more, "tok_ok"))).StatusCode);
    }

    [Fact]
    public async Task Staff_see_what_an_order_moved_in_the_books()
    {
        var order = PaymentShop.NewOrder();
        await shop.AuthorizeAsync(order);
        await shop.CaptureAsync(order);
        var staff = shop.Host.Client("payment", shop.Host.StaffToken());
        var ledger = await staff.GetFromJsonAsync<JsonElement>($"/api/payments/{order}/ledger");
        Assert.Equal(
            [("authorized", 2), ("captured", 4)],
            ledger.GetProperty("items").EnumerateArray().Select(
                posting => (posting.GetProperty("step").GetString()!, posting.GetProperty("entries").GetArrayLength())));
        Assert.Empty((await staff.GetFromJsonAsync<JsonElement>($"/api/payments/{PaymentShop.NewOrder()}/ledger")).GetProperty("items").EnumerateArray());

        using var own = await shop.Host.Client("payment", shop.Host.Token(PaymentShop.MemberId)).GetAsync($"/api/payments/{order}/ledger");
        Assert.Equal(HttpStatusCode.Forbidden, own.StatusCode);
    }

    [Theory]
    [InlineData("not-an-order", 100, "USD", "tok_ok")]
    [InlineData(null, 0, "USD", "tok_ok")]
    [InlineData(null, -5, "USD", "tok_ok")]
    [InlineData(null, 100, "usd", "tok_ok")]
    [InlineData(null, 100, "USD", " ")]
    public async Task Malformed_commands_are_400(string? order, long amount, string currency, string token)
    {
        var body = new AuthorizePayment(PaymentShop.MemberId, new Money(amount, currency), token);
        using var response = await shop.SendAsync(order ?? PaymentShop.NewOrder(), "authorize", body);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Only_the_sidecar_may_command()
    {
        using var response = await shop.Host.Client("payment", shop.Host.StaffToken())
            .PostAsync($"/internal/payments/{PaymentShop.NewOrder()}/reverse", null);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task Whatever_comes_in_whatever_order_at_once_money_is_taken_once_or_not_at_all()
    {
        var command = Gen.OneOf("authorize", "capture", "reverse");
        await Gen.Select(Gen.OneOf("tok_ok", "tok_lost_reply"), command.Array[2, 4].Array[1, 3]).SampleAsync(
            async (token, rounds) =>
            {
                var order = PaymentShop.NewOrder();
                foreach (var round in rounds) await Task.WhenAll(round.Select(name => TryAsync(order, name, token)));
                var final = (await shop.Store.GetAsync<Payment>($"payment/{order}")).Value;
                var postings = await PostingsAsync(order);
                var reversed = rounds.Any(round => round.Contains("reverse"));
                var held = postings.SelectMany(posting => posting.Entries).GroupBy(entry => entry.Account)
                    .ToDictionary(account => account.Key, account => account.Sum(entry => entry.Amount));
                Assert.Equal(0, held.Values.Sum());
                if (reversed)
                {
                    Assert.Contains(final!.Status, new[] { PaymentStatus.Voided, PaymentStatus.Refunded, PaymentStatus.Reversed });
                    Assert.Equal(0, held.GetValueOrDefault(Account.CustomerAuthorized));
                    Assert.Equal(0, held.GetValueOrDefault(Account.MerchantReceivable));
                }

                if (await MemoryAsync(order) is { } memory)
                {
                    Assert.InRange(memory.Charges, 0, 1);
                    if (reversed) Assert.True(memory.State is ChargeState.Voided or ChargeState.Refunded, $"{memory.State}");
                }
            },
            iter: 60, threads: 2);
    }

    private async Task TryAsync(string order, string command, string token)
    {
        object? body = command switch
        {
            "authorize" => Authorize(token),
            "capture" => new CapturePayment(PaymentShop.Amount),
            _ => null,
        };
        try
        {
            using var response = await shop.SendAsync(order, command, body);
            // As the saga does: what undoes is asked for until it is answered.
            if (command == "reverse" && !response.IsSuccessStatusCode) await TryAsync(order, command, token);
        }
        catch (HttpRequestException)
        {
            // The lost reply.
        }
    }

    private static AuthorizePayment Authorize(string token) => new(PaymentShop.MemberId, PaymentShop.Amount, token);

    private async Task<TestProvider.Memory?> MemoryAsync(string order) =>
        (await shop.Store.GetAsync<TestProvider.Memory>($"provider/{order}")).Value;

    private async Task<IReadOnlyList<Posting>> PostingsAsync(string order)
    {
        string[] keys = [.. new[] { "authorized", "captured", "voided", "refunded" }.Select(step => $"ledger/{order}/{step}")];
        var documents = await shop.Store.GetManyAsync(keys);
        return [.. keys.Select(key => documents.Get<Posting>(key).Value).OfType<Posting>()];
    }

    private Task HeardAsync(string order, params string[] statuses) => ShopHost.EventuallyAsync(
        () => Task.FromResult(!statuses.Except(shop.Heard.Where(heard => heard.OrderId == order).Select(heard => heard.Status)).Any()),
        string.Join(" and ", statuses));

    private async Task<HttpStatusCode> StatusAsync(string order, string? token)
    {
        using var response = await shop.Host.Client("payment", token).GetAsync($"/api/payments/{order}");
        return response.StatusCode;
    }

    private async Task<JsonElement> GetAsync(string order, string token) =>
        await shop.Host.Client("payment", token).GetFromJsonAsync<JsonElement>($"/api/payments/{order}");
}
