using CsCheck;

namespace DaprShop.Notification.Tests;

public sealed class InboxTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void An_event_is_told_once()
    {
        var inbox = Inbox.Empty.Add(Message(1), byMail: false);
        Assert.Same(inbox, inbox.Add(Message(1), byMail: false));
        Assert.Equal(1, inbox.Total);
    }

    [Fact]
    public void A_late_message_takes_its_place_in_time()
    {
        var inbox = new[] { 2, 5, 1, 3 }.Aggregate(Inbox.Empty, (inbox, at) => inbox.Add(Message(at), byMail: false));
        Assert.Equal(["5", "3", "2", "1"], inbox.Newest.Select(message => message.Id));
    }

    [Fact]
    public void Mail_goes_out_once()
    {
        var inbox = Inbox.Empty.Add(Message(1), byMail: true).Add(Message(2), byMail: true);
        inbox = inbox.Mailed("1");
        Assert.Equal(["2"], inbox.Unmailed);
        Assert.Equal(["2"], inbox.Add(Message(1), byMail: true).Unmailed);
        Assert.Empty(inbox.Mailed("2").Unmailed);
    }

    [Fact]
    public void However_many_messages_there_are_each_is_found_and_the_document_stays_small()
    {
        Gen.Int[0, 400].Sample(count =>
        {
            var pages = new List<InboxPage>();
            var inbox = Inbox.Empty;
            for (var at = 0; at < count; at++)
            {
                inbox = inbox.Add(Message(at), byMail: at % 7 == 0);
                if (inbox.Overflow() is not { } full) continue;
                Assert.Equal(pages.Count, inbox.Pages);
                pages.Add(full.Page);
                inbox = full.Kept;
            }
            Assert.InRange(inbox.Newest.Count, 0, (2 * InboxPage.Size) - 1);
            Assert.InRange(inbox.Unmailed.Count, 0, 50);
            Assert.Equal(count, inbox.Total);
            var all = Enumerable.Range(0, count).Select(inbox.Locate)
                .Select(place => place.Page is { } page ? pages[page].Messages[place.Index] : inbox.Newest[place.Index]);
            Assert.Equal(Enumerable.Range(0, count).Reverse().Select(at => $"{at}"), all.Select(message => message.Id));
        }, iter: 100);
    }

    [Fact]
    public void Every_kind_of_message_has_words_and_none_is_used_twice()
    {
        var messages = Announcements.All.Select(topic =>
            Announcements.Message(topic, new Happening("1", s_start, "member-1", "order-1"))).ToList();
        Assert.Equal(messages.Count, messages.Select(message => message.Kind).Distinct().Count());
        Assert.All(messages, message =>
        {
            var words = Announcements.Words(message);
            Assert.True(words.Title.Length > 0 && words.Text.Length > 0);
        });
    }

    [Theory]
    [InlineData("outOfStock", "out of stock")]
    [InlineData("paymentDeclined", "declined")]
    [InlineData("paymentUnavailable", "could not be made")]
    [InlineData("shippingUnavailable", "cannot deliver")]
    [InlineData("deadlineExceeded", "too long")]
    [InlineData("a reason of tomorrow", "could not accept")]
    public void A_rejection_says_why(string reason, string expected)
    {
        var message = Announcements.Message(Contracts.Topics.OrdersRejected, new Happening("1", s_start, "member-1", "order-1", reason));
        Assert.Contains(expected, Announcements.Words(message).Text, StringComparison.Ordinal);
    }

    private static Message Message(int at) => new($"{at}", "orderConfirmed", s_start.AddMinutes(at), $"order-{at}");
}
