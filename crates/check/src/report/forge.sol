/// @dev The cheatcodes that a replay uses (Foundry 1.0 or newer).
interface SealiftVm {
    function loadAllocs(string calldata path) external;
    function projectRoot() external view returns (string memory);
    function chainId(uint256 id) external;
    function roll(uint256 height) external;
    function warp(uint256 timestamp) external;
    function fee(uint256 price) external;
    function txGasPrice(uint256 price) external;
    function prank(address sender, address origin) external;
    function getNonce(address account) external view returns (uint64);
    function setNonceUnsafe(address account, uint64 nonce) external;
    function etch(address account, bytes calldata code) external;
    function mockCall(address callee, bytes calldata data, bytes calldata answer) external;
    function mockCallRevert(address callee, bytes calldata data, bytes calldata revertData) external;
    function mockFunction(address callee, address target, bytes calldata data) external;
    function clearMockedCalls() external;
    function snapshotState() external returns (uint256);
    function revertToState(uint256 snapshot) external returns (bool);
    function toString(uint256 value) external pure returns (string memory);
}

/// @dev Sends messages, and compares what accounts can move with what is due to them.
abstract contract SealiftReplay {
    SealiftVm internal constant vm = SealiftVm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
    address private constant NOBODY = 0x00000000000000000000000000000000005Ea11F;
    address private constant BURNS = 0x00000000000000000000000000000000c0DE0023;

    /// @dev A place where accounts hold claims. Exit: 0 transfer, 1 of an amount, 2 without arguments, 3 none.
    struct Book {
        string name;
        address account;
        bytes4 asks;
        uint8 exit;
        bytes4 leaves;
        uint256 top;
        uint256 bottom;
        bool wallet;
        uint256 same;
    }

    /// @dev What is due to an account, and what it has in each book when the migration is done, or back at the start.
    struct Owed {
        string name;
        address account;
        uint256 least;
        uint256 most;
        uint256[] done;
        uint256[] back;
    }

    /// @dev What is found out about all accounts.
    struct Found {
        string shorts;
        string overs;
        string open;
        bool done;
        bool back;
    }

    /// @dev Transactions that ended in another way than in the check; what was mended may be one of them.
    string private differences;

    event log(string line);

    function _books() internal pure virtual returns (Book[] memory);
    function _owed() internal pure virtual returns (Owed[] memory);
    function _tolerance() internal pure virtual returns (uint256);

    function _send(string memory what, address from, address to, uint256 value, uint256 gas, bytes memory data, bool fails)
        internal
        returns (bool ok)
    {
        vm.prank(from, from);
        // In isolation every call is a transaction of its own, which is given 21000 gas more than the call.
        (ok,) = to.call{value: value, gas: gas - 21000}(data);
        _note(what, ok, fails);
    }

    function _create(string memory what, address from, uint64 nonce, uint256 value, bytes memory code, bool fails)
        internal
        returns (bool ok)
    {
        uint64 own = vm.getNonce(from);
        vm.setNonceUnsafe(from, nonce);
        vm.prank(from, from);
        address made;
        assembly {
            made := create(value, add(code, 32), mload(code))
        }
        vm.setNonceUnsafe(from, own);
        ok = made != address(0);
        _note(what, ok, fails);
    }

    function _note(string memory what, bool ok, bool fails) private {
        if (ok != fails || bytes(what).length == 0) return;
        string memory how = ok ? " failed in the check and succeeds here; " : " succeeded in the check and fails here; ";
        differences = string(abi.encodePacked(differences, what, how));
        emit log(string(abi.encodePacked(what, how)));
    }

    function _answers(address callee, bytes memory data, bytes memory answer) internal {
        vm.mockCall(callee, data, answer);
    }

    function _reverts(address callee, bytes memory data) internal {
        vm.mockCallRevert(callee, data, "");
    }

    function _burns(address callee, bytes memory data) internal {
        vm.etch(BURNS, hex"fe");
        vm.mockFunction(callee, BURNS, data);
    }

    function _heal(address callee, bytes memory data, bool hadCode) internal {
        vm.clearMockedCalls();
        vm.mockFunction(callee, callee, data);
        if (!hadCode) vm.etch(callee, "");
    }

    /// @dev A call whose effects are undone.
    function _ask(address from, address to, bytes memory data) private returns (bool ok, bytes memory answer) {
        uint256 before = vm.snapshotState();
        vm.prank(from, from);
        (ok, answer) = to.call{gas: 1979000}(data);
        vm.revertToState(before);
    }

    function _claim(Book memory book, address who) internal returns (uint256 recorded, uint256 live) {
        if (book.account.code.length == 0) return (0, 0);
        (bool ok, bytes memory answer) = _ask(NOBODY, book.account, abi.encodeWithSelector(book.asks, who));
        require(ok && answer.length >= 32, string(abi.encodePacked("the view of ", book.name, " does not answer")));
        recorded = abi.decode(answer, (uint256));
        if (recorded == 0 || book.exit == 3) return (recorded, recorded);
        bytes memory exit = book.exit == 0
            ? abi.encodeWithSelector(0xa9059cbb, NOBODY, recorded)
            : book.exit == 1 ? abi.encodeWithSelector(book.leaves, recorded) : abi.encodeWithSelector(book.leaves);
        (ok, answer) = _ask(who, book.account, exit);
        if (ok && answer.length > 0) {
            ok = false;
            for (uint256 i = 0; i < answer.length && !ok; i++) ok = answer[i] != 0;
        }
        return (recorded, ok ? recorded : 0);
    }

    function _worth(Book memory book, uint256 units) internal pure returns (uint256) {
        if (units > type(uint256).max / book.top) return type(uint256).max / book.bottom;
        return units * book.top / book.bottom;
    }

    function _near(uint256 one, uint256 other) private pure returns (bool) {
        return (one > other ? one - other : other - one) <= _tolerance();
    }

    function _sum(uint256[] memory parts) private pure returns (uint256 sum) {
        for (uint256 i = 0; i < parts.length; i++) sum += parts[i];
    }

    function _judge() internal returns (Found memory found) {
        Owed[] memory all = _owed();
        Book[] memory books = _books();
        found.done = true;
        found.back = true;
        for (uint256 i = 0; i < all.length; i++) _judgeOne(found, all[i], books);
    }

    function _judgeOne(Found memory found, Owed memory owed, Book[] memory books) private {
        uint256[] memory worth = new uint256[](books.length);
        bytes memory text;
        for (uint256 b = 0; b < books.length; b++) {
            (uint256 recorded, uint256 live) = _claim(books[b], owed.account);
            worth[books[b].same] += _worth(books[b], live);
            if (recorded == 0) continue;
            text = abi.encodePacked(text, text.length == 0 ? "" : ", ", books[b].name, " ", vm.toString(recorded));
            if (live != recorded) text = abi.encodePacked(text, " that cannot be moved");
        }
        text = abi.encodePacked(" and has ", text.length == 0 ? bytes("nothing") : text, "; ");
        text = abi.encodePacked(owed.name, " is due ", vm.toString(owed.least), text);
        uint256 total = _sum(worth);
        if (total + _tolerance() < owed.least) found.shorts = string(abi.encodePacked(found.shorts, text));
        if (total > owed.most + _tolerance()) found.overs = string(abi.encodePacked(found.overs, text));
        bool done = _near(total, _sum(owed.done));
        bool back = _near(total, _sum(owed.back));
        for (uint256 b = 0; b < books.length; b++) {
            if (books[b].wallet) continue;
            done = done && _near(worth[b], owed.done[b]);
            back = back && _near(worth[b], owed.back[b]);
        }
        if (!done) found.open = string(abi.encodePacked(found.open, text));
        found.done = found.done && done;
        found.back = found.back && back;
    }

    function _fail(string memory verdict, string memory text) private view {
        revert(string(abi.encodePacked(verdict, text, differences)));
    }

    /// @dev Fails unless an end is reached: everything done, everything as at the start, or (`own`: where somebody
    /// acted on its own) everybody with what is due. `here` is what was found before the rest of the script.
    function _requireEnd(string memory verdict, Found memory here, bool own) internal {
        Found memory end = _judge();
        bool whole = bytes(end.shorts).length == 0 && bytes(end.overs).length == 0;
        if (end.back || (whole && (end.done || own))) return;
        string memory text = string(abi.encodePacked(here.shorts, here.overs));
        if (bytes(text).length == 0) text = string(abi.encodePacked(end.shorts, end.overs));
        if (bytes(text).length == 0) text = string(abi.encodePacked("no end is reached: ", end.open));
        _fail(verdict, text);
    }

    function _requireNobodyOver(string memory verdict) internal {
        Found memory here = _judge();
        if (bytes(here.overs).length != 0) _fail(verdict, here.overs);
    }

    /// @dev Fails where a custodian owes more than it holds; without an asset it holds ether.
    function _requireCovered(
        string memory verdict,
        string memory name,
        address who,
        address asset,
        uint256[] memory covers,
        address[] memory claimants
    ) internal {
        uint256 held = who.balance;
        if (asset != address(0)) {
            (bool ok, bytes memory answer) = _ask(NOBODY, asset, abi.encodeWithSelector(0x70a08231, who));
            held = ok && answer.length >= 32 ? abi.decode(answer, (uint256)) : 0;
        }
        Book[] memory books = _books();
        uint256 due;
        for (uint256 i = 0; i < claimants.length; i++) {
            for (uint256 b = 0; b < covers.length; b++) {
                (uint256 recorded,) = _claim(books[covers[b]], claimants[i]);
                due += _worth(books[covers[b]], recorded);
            }
        }
        if (due <= held + _tolerance()) return;
        _fail(verdict, string(abi.encodePacked(name, " owes ", vm.toString(due), " and holds ", vm.toString(held))));
    }
}
